//! The keys of access tokens: the private one read from its mounted file, the public ones of all replicas in a table.
//!
//! A key is published before it signs, and a token is signed only with a key that is published for as long as the token lives. So
//! every replica, also one that has just started, shows the keys of all tokens that are valid, and no others for long.

mod ring;
mod signing_key;

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use ecotrack_chassis::{
    ApiError, ApiResult,
    auth::{Claims, JwkSet, Verifier},
    config::Secrets,
    postgres::Database,
    workers::{Progress, Workers},
};

use crate::{settings::UserSettings, store};
use ring::{Ring, Times};
use signing_key::{SECRET, SigningKey};

/// How often the file and the table are looked at.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);
/// How much longer than a token a key is published, so that not every token prolongs it: a part of the token's life, but not
/// less than a slow look at the table may take.
const MARGIN_PART: u32 = 15;
const LEAST_MARGIN: Duration = Duration::from_secs(5);

/// The keys of this service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct KeyRing(Arc<Inner>);

struct Inner {
    ring: ArcSwap<Ring>,
    secrets: Secrets,
    database: Database,
    verifier: Verifier,
    margin: Duration,
    times: Times,
}

impl KeyRing {
    /// Reads the key and starts the task that follows its file and the table.
    pub(crate) fn start(
        secrets: Secrets,
        database: Database,
        verifier: Verifier,
        settings: &UserSettings,
        workers: &Workers,
    ) -> anyhow::Result<Self> {
        let ring = Ring::new(SigningKey::parse(secrets.read(SECRET)?)?);
        let keys = Self(Arc::new(Inner {
            ring: ArcSwap::from_pointee(ring),
            secrets,
            database,
            verifier,
            margin: (settings.token_lifetime / MARGIN_PART).max(LEAST_MARGIN),
            times: Times { lead: settings.key_lead, lifetime: settings.token_lifetime },
        }));
        let watched = keys.clone();
        workers.repeat("signing-keys", WATCH_INTERVAL, move || {
            let watched = watched.clone();
            async move { watched.follow().await }
        });
        Ok(keys)
    }

    /// Whether tokens that are signed here are believed everywhere. Before that others shall be asked.
    pub(crate) fn is_ready(&self) -> bool {
        self.0.ring.load().is_believed
    }

    /// All keys whose tokens may be valid.
    pub(crate) fn public(&self) -> ApiResult<JwkSet> {
        let ring = self.0.ring.load();
        if ring.published.is_none() {
            let cause = anyhow::anyhow!("the published keys are not known yet");
            return Err(ApiError::unavailable(cause));
        }
        Ok(ring.public(Utc::now()))
    }

    /// Signs with the current key, if it is published for as long as the token will live.
    pub(crate) fn sign(&self, claims: &Claims) -> ApiResult<String> {
        let ring = self.0.ring.load();
        let until = ring.published_until(&ring.signing.kid);
        if until.is_none_or(|until| until.timestamp() < claims.exp) {
            let cause = anyhow::anyhow!("the signing key is not published for long enough");
            return Err(ApiError::unavailable(cause));
        }
        Ok(ring.signing.sign(claims)?)
    }

    /// Publishes what is mounted, and takes over what is mounted and published.
    async fn follow(&self) -> anyhow::Result<Progress> {
        let now = Utc::now();
        let before = self.0.ring.load_full();
        let mounted = self.mounted(&before);
        let mut connection = self.0.database.acquire().await?;
        for key in [&mounted, &before.signing] {
            if self.is_due(&before, key, now) {
                let until = now + self.0.times.lifetime + self.0.margin;
                store::signing_keys::publish(&mut connection, &key.kid, &key.public, now, until)
                    .await?;
                store::signing_keys::delete_expired(&mut connection, now).await?;
            }
        }
        let published = store::signing_keys::list(&mut connection, now).await?.into();
        let ring = before.after(mounted, published, self.0.times, now);
        if ring.signing.kid != before.signing.kid {
            tracing::info!(kid = ring.signing.kid, "a new signing key is in use");
        }
        self.0.verifier.set_keys(&ring.public(now));
        self.0.ring.store(Arc::new(ring));
        Ok(Progress::Idle)
    }

    /// The mounted key. While what is mounted is no key, the one before stays.
    fn mounted(&self, ring: &Ring) -> Arc<SigningKey> {
        self.read(ring).unwrap_or_else(|error| {
            tracing::warn!(error = format!("{error:#}"), "the mounted signing key is of no use");
            Arc::clone(ring.mounted())
        })
    }

    fn read(&self, ring: &Ring) -> anyhow::Result<Arc<SigningKey>> {
        let pem = self.0.secrets.read(SECRET)?;
        let known = [ring.mounted(), &ring.signing].into_iter().find(|key| key.is_of(&pem));
        match known {
            Some(key) => Ok(Arc::clone(key)),
            None => Ok(Arc::new(SigningKey::parse(pem)?)),
        }
    }

    /// Whether a key must be published, for the first time or for longer.
    fn is_due(&self, ring: &Ring, key: &SigningKey, now: DateTime<Utc>) -> bool {
        let enough = now + self.0.times.lifetime + self.0.margin / 2;
        ring.published_until(&key.kid).is_none_or(|until| until < enough)
    }
}
