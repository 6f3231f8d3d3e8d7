//! Which key signs, and which are published: the rules, without the clock and without the tables.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use ecotrack_chassis::auth::{Jwk, JwkSet};

use super::signing_key::SigningKey;
use crate::store::signing_keys::Published;

/// The keys as they are at a moment.
#[derive(Clone)]
pub(super) struct Ring {
    /// Signs.
    pub(super) signing: Arc<SigningKey>,
    /// Is mounted and published, but does not sign yet: not everybody has seen it.
    pub(super) next: Option<Arc<SigningKey>>,
    /// What all replicas have published; nothing before the first look.
    pub(super) published: Option<Arc<[Published]>>,
}

impl Ring {
    /// A replica that has just started, with the only key it has.
    pub(super) fn new(mounted: SigningKey) -> Self {
        Self { signing: Arc::new(mounted), next: None, published: None }
    }

    /// The key that is mounted.
    pub(super) fn mounted(&self) -> &Arc<SigningKey> {
        self.next.as_ref().unwrap_or(&self.signing)
    }

    /// Until when a key is published; nothing when it is not.
    pub(super) fn published_until(&self, kid: &str) -> Option<DateTime<Utc>> {
        let published = self.published.iter().flat_map(|keys| keys.iter());
        published.filter(|key| key.kid == kid).map(|key| key.until).max()
    }

    /// The ring after a look at what is mounted and what is published. A key signs once it was published for `lead`, so that
    /// whoever keeps keys for a while has seen it; a replica that has just started has no other.
    pub(super) fn after(
        &self,
        mounted: Arc<SigningKey>,
        published: Arc<[Published]>,
        lead: Duration,
        now: DateTime<Utc>,
    ) -> Self {
        let is_known = |key: &Published| key.kid == mounted.kid && key.since + lead <= now;
        let may_sign = mounted.kid == self.signing.kid
            || self.published.is_none()
            || published.iter().any(is_known);
        let (signing, next) =
            if may_sign { (mounted, None) } else { (Arc::clone(&self.signing), Some(mounted)) };
        Self { signing, next, published: Some(published) }
    }

    /// All keys whose tokens may be valid now or soon; the one that signs comes first.
    pub(super) fn public(&self, now: DateTime<Utc>) -> JwkSet {
        let own = std::iter::once(&self.signing).chain(&self.next);
        let mut keys: Vec<Jwk> = own.map(|key| key.public.clone()).collect();
        let published = self.published.iter().flat_map(|keys| keys.iter());
        for key in published.filter(|key| key.until > now) {
            if !keys.iter().any(|known| known.common.key_id.as_ref() == Some(&key.kid)) {
                keys.push(key.public_key.0.clone());
            }
        }
        JwkSet { keys }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use ecotrack_chassis::test_support::signing_key;
    use sqlx::types::Json;

    use super::*;

    const LEAD: Duration = Duration::from_mins(5);

    fn key() -> Arc<SigningKey> {
        Arc::new(SigningKey::parse(signing_key().unwrap().into()).unwrap())
    }

    fn published(key: &SigningKey, since: DateTime<Utc>, until: DateTime<Utc>) -> Published {
        Published { kid: key.kid.clone(), public_key: Json(key.public.clone()), since, until }
    }

    fn kids(ring: &Ring, now: DateTime<Utc>) -> Vec<String> {
        ring.public(now).keys.into_iter().filter_map(|key| key.common.key_id).collect()
    }

    #[test]
    fn a_new_key_is_published_at_once_and_signs_when_everybody_has_seen_it() {
        let (old, new, now) = (key(), key(), Utc::now());
        let until = now + TimeDelta::minutes(16);
        let table: Arc<[_]> = [published(&new, now, until), published(&old, now, until)].into();
        let ring = Ring { signing: Arc::clone(&old), next: None, published: Some([].into()) };
        let ring = ring.after(Arc::clone(&new), Arc::clone(&table), LEAD, now);
        assert_eq!(ring.signing.kid, old.kid);
        assert_eq!(kids(&ring, now), [&*old.kid, &*new.kid]);
        let ring = ring.after(Arc::clone(&new), table, LEAD, now + LEAD);
        assert_eq!(ring.signing.kid, new.kid);
        assert_eq!(kids(&ring, now + LEAD), [&*new.kid, &*old.kid]);
    }

    #[test]
    fn a_key_that_is_taken_back_before_it_signed_changes_nothing() {
        let (old, new, now) = (key(), key(), Utc::now());
        let ring = Ring { signing: Arc::clone(&old), next: Some(new), published: Some([].into()) };
        let ring = ring.after(Arc::clone(&old), [].into(), LEAD, now);
        assert_eq!(ring.signing.kid, old.kid);
        assert!(ring.next.is_none());
    }

    #[test]
    fn a_replica_that_has_just_started_knows_the_keys_of_the_others_until_they_expire() {
        let (old, new, now) = (key(), key(), Utc::now());
        let until = now + TimeDelta::minutes(1);
        let ring = Ring { signing: Arc::clone(&new), next: None, published: None };
        let ring = ring.after(Arc::clone(&new), [published(&old, now, until)].into(), LEAD, now);
        assert_eq!(ring.signing.kid, new.kid);
        assert_eq!(kids(&ring, now), [&*new.kid, &*old.kid]);
        assert_eq!(kids(&ring, until), [&*new.kid]);
    }
}
