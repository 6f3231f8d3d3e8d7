//! The gate for webhooks: only what a provider signed a moment ago comes in.

use axum::http::{HeaderMap, StatusCode};
use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    config::{ConfigError, Secrets},
    error::ApiError,
};

/// Checks signatures with the mounted secrets as they are now. Cheap to clone.
#[derive(Clone)]
pub struct Gate(Secrets);

/// Why a webhook does not come in. Nothing of it is in here.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There must be one signature header, in plain text: two hops could each read another one.
    #[error("the signature header is missing, repeated or unreadable")]
    Header,
    /// The signature is not good.
    #[error(transparent)]
    Signature(#[from] ecotrack_webhook::Refusal),
    /// We cannot judge: the provider shall try again.
    #[error("the webhook secret cannot be read")]
    Secret(#[from] ConfigError),
    /// We cannot judge: with an empty secret anybody could sign.
    #[error("the webhook secret is empty")]
    Empty,
}

impl Gate {
    /// A gate that finds the secrets as `<provider>-webhook-secret` and, while one is replaced, `<provider>-webhook-secret-previous`.
    #[must_use]
    pub const fn new(secrets: Secrets) -> Self {
        Self(secrets)
    }

    /// Lets a body in that arrives now, if this provider signed it.
    pub fn admit(&self, provider: &str, headers: &HeaderMap, body: &[u8]) -> Result<(), Refused> {
        let mut values = headers.get_all(ecotrack_webhook::HEADER).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(Refused::Header);
        };
        let Ok(header) = value.to_str() else { return Err(Refused::Header) };
        let now = Utc::now().timestamp();
        Ok(ecotrack_webhook::verify(&self.secrets(provider)?, header, body, now)?)
    }

    fn secrets(&self, provider: &str) -> Result<Vec<SecretString>, Refused> {
        let name = format!("{provider}-webhook-secret");
        let current = self.0.read(&name)?;
        if current.expose_secret().is_empty() {
            return Err(Refused::Empty);
        }
        // Most of the time there is none.
        let previous = self.0.read(&format!("{name}-previous")).ok();
        let previous = previous.filter(|secret| !secret.expose_secret().is_empty());
        Ok(std::iter::once(current).chain(previous).collect())
    }
}

/// One text for all reasons; the reason is in the log, the body nowhere.
impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Header | Refused::Signature(_) => {
                let detail = "a valid signature of the provider is required";
                Self::new(StatusCode::BAD_REQUEST, "webhook-signature", detail).caused_by(refused)
            }
            Refused::Secret(_) | Refused::Empty => Self::unavailable(refused),
        }
    }
}
