//! Verification of access tokens, and the cache of the keys it needs.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use jsonwebtoken::{Validation, decode, decode_header};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use super::{
    keys::{JwkSet, Keys, usable},
    token::{ALGORITHM, AUDIENCE, Claims, ISSUER},
};
use crate::http_client::ServiceClient;

/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 5;
/// Age at which keys are fetched again, so that a retired key is refused soon after.
const MAX_AGE: Duration = Duration::from_mins(1);
/// Shortest time between two fetches, whatever key ids callers make up.
const COOLDOWN: Duration = Duration::from_secs(10);
/// Where the issuer publishes its keys.
const JWKS_PATH: &str = "/.well-known/jwks.json";

/// Why a token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The token is not valid; which rule it breaks is for the log only.
    #[error("the token is not valid: {0}")]
    Invalid(#[source] jsonwebtoken::errors::Error),
    /// The token's key is not one of the issuer's.
    #[error("the token is signed with a key the issuer does not publish")]
    UnknownKey,
    /// No keys could be fetched yet, so nothing can be said about any token.
    #[error("the issuer's keys are not known yet")]
    NoKeys,
}

/// Verifies access tokens. Cheap to clone.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    validation: Validation,
    keys: ArcSwap<Keys>,
    remote: Option<Remote>,
}

struct Remote {
    client: ServiceClient,
    last_attempt: Mutex<Option<Instant>>,
    next_refresh: ArcSwap<Option<Instant>>,
}

impl Verifier {
    /// Verifies with keys that are set by [`Verifier::set_keys`]: for the issuer itself.
    #[must_use]
    pub fn local() -> Self {
        Self::new(None)
    }

    /// Verifies with the keys that the issuer at `issuer_url` publishes, fetched when first needed.
    pub fn remote(issuer_url: Url) -> anyhow::Result<Self> {
        let client = ServiceClient::new("user-service", issuer_url)?;
        Ok(Self::new(Some(Remote {
            client,
            last_attempt: Mutex::default(),
            next_refresh: ArcSwap::default(),
        })))
    }

    fn new(remote: Option<Remote>) -> Self {
        let mut validation = Validation::new(ALGORITHM);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        Self(Arc::new(Inner { validation, keys: ArcSwap::default(), remote }))
    }

    /// Replaces the keys.
    pub fn set_keys(&self, set: &JwkSet) {
        self.0.keys.store(Arc::new(usable(set)));
    }

    /// Checks signature, issuer, audience and times.
    pub async fn verify(&self, token: &str) -> Result<Claims, AuthError> {
        let header = decode_header(token).map_err(AuthError::Invalid)?;
        let kid = header.kid.ok_or(AuthError::UnknownKey)?;
        self.refresh_unless_known(&kid).await;
        let keys = self.0.keys.load();
        if keys.is_empty() {
            return Err(AuthError::NoKeys);
        }
        let key = keys.get(&kid).ok_or(AuthError::UnknownKey)?;
        let data = decode::<Claims>(token, key, &self.0.validation).map_err(AuthError::Invalid)?;
        Ok(data.claims)
    }

    /// Fetches the keys when they are old or do not have this one. If that fails, the ones we have stay in use.
    async fn refresh_unless_known(&self, kid: &str) {
        let Some(remote) = &self.0.remote else { return };
        if self.0.keys.load().contains_key(kid) && !remote.is_due() {
            return;
        }
        let mut last_attempt = remote.last_attempt.lock().await;
        if last_attempt.is_some_and(|at| at.elapsed() < COOLDOWN) {
            return;
        }
        *last_attempt = Some(Instant::now());
        match remote.client.get::<JwkSet>(JWKS_PATH, None).await {
            Ok(set) => {
                self.set_keys(&set);
                remote.next_refresh.store(Arc::new(Some(Instant::now() + MAX_AGE)));
            }
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "token keys were not fetched"
            ),
        }
    }
}

impl Remote {
    fn is_due(&self) -> bool {
        self.next_refresh.load().is_none_or(|at| Instant::now() >= at)
    }
}
