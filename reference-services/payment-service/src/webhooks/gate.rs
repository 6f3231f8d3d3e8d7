//! The gate: only what a provider signed a moment ago comes in.

use axum::http::HeaderMap;
use ecotrack_chassis::config::{ConfigError, Secrets};
use secrecy::SecretString;

use crate::domain::method::Gateway;

/// Checks signatures with the secrets as they are now.
#[derive(Clone)]
pub(crate) struct Gate(Secrets);

/// Why a webhook does not come in. Nothing of it is in here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// There must be one signature header, in plain text.
    #[error("the signature header is missing, repeated or unreadable")]
    Header,
    /// The signature is not good.
    #[error(transparent)]
    Signature(#[from] ecotrack_webhook::Refusal),
    /// We cannot judge.
    #[error("the webhook secret cannot be read")]
    Secret(#[from] ConfigError),
}

impl Gate {
    pub(crate) const fn new(secrets: Secrets) -> Self {
        Self(secrets)
    }

    /// Lets a body in that arrived at `now` (unix seconds). While a secret is replaced, the one before is good as well.
    pub(crate) fn admit(
        &self,
        gateway: Gateway,
        headers: &HeaderMap,
        body: &[u8],
        now: i64,
    ) -> Result<(), Refused> {
        let mut values = headers.get_all(ecotrack_webhook::HEADER).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(Refused::Header);
        };
        let Ok(header) = value.to_str() else { return Err(Refused::Header) };
        Ok(ecotrack_webhook::verify(&self.secrets(gateway)?, header, body, now)?)
    }

    fn secrets(&self, gateway: Gateway) -> Result<Vec<SecretString>, ConfigError> {
        let name = format!("{}-webhook-secret", gateway.name());
        let current = self.0.read(&name)?;
        // Most of the time there is none.
        let previous = self.0.read(&format!("{name}-previous")).ok();
        Ok(std::iter::once(current).chain(previous).collect())
    }
}
