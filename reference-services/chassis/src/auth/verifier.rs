//! Verification of access tokens, and the cache of the keys it needs.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use jsonwebtoken::{Validation, decode, decode_header};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::Instant,
};
use url::Url;

use super::{
    keys::{JwkSet, Keys, usable},
    token::{ALGORITHM, AUDIENCE, Claims, ISSUER},
};
use crate::http_client::ServiceClient;

/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 5;
/// Longest a token waits for keys to be fetched.
const PATIENCE: Duration = Duration::from_secs(1);

/// How fresh the issuer's keys are kept.
#[derive(Debug, Clone, Copy)]
pub struct Freshness {
    /// Age at which keys are fetched again, so that a retired key is refused soon after.
    pub max_age: Duration,
    /// Shortest time between two fetches, whatever key ids callers make up.
    pub cooldown: Duration,
}

impl Default for Freshness {
    /// A retired key is refused within a minute.
    fn default() -> Self {
        Self { max_age: Duration::from_secs(45), cooldown: Duration::from_secs(10) }
    }
}

/// Types an access token may have, as RFC 9068 and the issuers before it write them. Another kind of token is none.
const TYPES: [&str; 3] = ["at+jwt", "application/at+jwt", "JWT"];
/// Where the issuer publishes its keys.
const JWKS_PATH: &str = "/.well-known/jwks.json";

/// Why a token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The token is not valid; which rule it breaks is for the log only.
    #[error("the token is not valid: {0}")]
    Invalid(#[source] jsonwebtoken::errors::Error),
    /// The token is of another kind, or asks for an extension we do not know.
    #[error("the token is not an access token")]
    OtherKind,
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
    freshness: Freshness,
    last_attempt: Arc<Mutex<Option<Instant>>>,
    next_refresh: ArcSwap<Option<Instant>>,
    /// Until when tokens whose keys are too old wait for the fetch under way.
    awaited_until: ArcSwap<Option<Instant>>,
}

impl Verifier {
    /// Verifies with keys that are set by [`Verifier::set_keys`]: for the issuer itself.
    #[must_use]
    pub fn local() -> Self {
        Self::new(None)
    }

    /// Verifies with the keys that the issuer at `issuer_url` publishes, fetched when first needed.
    pub fn remote(issuer_url: Url) -> anyhow::Result<Self> {
        Self::remote_with(issuer_url, Freshness::default())
    }

    /// Like [`Verifier::remote`], with keys of another freshness.
    pub fn remote_with(issuer_url: Url, freshness: Freshness) -> anyhow::Result<Self> {
        let client = ServiceClient::new("user-service", issuer_url)?;
        Ok(Self::new(Some(Remote {
            client,
            freshness,
            last_attempt: Arc::default(),
            next_refresh: ArcSwap::default(),
            awaited_until: ArcSwap::default(),
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
        // Keys and addresses of keys in the header (`jwk`, `jku`, `x5u` …) are never looked at.
        let token_type = header.typ.as_deref().unwrap_or_default();
        let is_known = TYPES.iter().any(|known| known.eq_ignore_ascii_case(token_type));
        if !is_known || header.crit.is_some() {
            return Err(AuthError::OtherKind);
        }
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

    /// Has the keys fetched when they are old or do not have this one. A token whose key is not at hand waits for that, and not for
    /// long. Others wait only when nobody asked for so long that their key may be retired by now, and only in the first moment of
    /// a fetch: an issuer that hangs holds up nobody else.
    async fn refresh_unless_known(&self, kid: &str) {
        let Some(remote) = &self.0.remote else { return };
        let is_known = self.0.keys.load().contains_key(kid);
        if is_known && !remote.is_due() {
            return;
        }
        if let Ok(last_attempt) = Arc::clone(&remote.last_attempt).try_lock_owned() {
            if last_attempt.is_some_and(|at| at.elapsed() < remote.freshness.cooldown) {
                return;
            }
            remote.awaited_until.store(Arc::new(Some(Instant::now() + PATIENCE)));
            tokio::spawn(self.clone().fetch(last_attempt));
        }
        if let Some(deadline) = remote.deadline(is_known) {
            // Who fetches holds the lock until it is done.
            tokio::time::timeout_at(deadline, remote.last_attempt.lock()).await.ok();
        }
    }

    /// Fetches the keys. If that fails, the ones we have stay in use.
    async fn fetch(self, mut last_attempt: OwnedMutexGuard<Option<Instant>>) {
        let Some(remote) = &self.0.remote else { return };
        *last_attempt = Some(Instant::now());
        match remote.client.get::<JwkSet>(JWKS_PATH, None).await {
            Ok(set) => {
                self.set_keys(&set);
                remote
                    .next_refresh
                    .store(Arc::new(Some(Instant::now() + remote.freshness.max_age)));
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

    /// Until when a token waits for the fetch under way, if it does.
    fn deadline(&self, is_known: bool) -> Option<Instant> {
        match (is_known, self.is_overdue()) {
            (false, _) => Some(Instant::now() + PATIENCE),
            (true, true) => **self.awaited_until.load(),
            (true, false) => None,
        }
    }

    /// Whether the keys should have been fetched again a while ago.
    fn is_overdue(&self) -> bool {
        self.next_refresh.load().is_some_and(|at| Instant::now() >= at + self.freshness.cooldown)
    }
}
