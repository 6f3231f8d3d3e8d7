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
    /// Whether what is signed is believed: everybody has seen the key that signs, or nobody signs with another one.
    pub(super) is_believed: bool,
}

/// What the rules go by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// How long a key is published before it signs.
    pub(super) lead: Duration,
    /// How long a token lives. A key that signs is published for longer.
    pub(super) lifetime: Duration,
}

impl Ring {
    /// A replica that has just started, with the only key it has.
    pub(super) fn new(mounted: SigningKey) -> Self {
        Self { signing: Arc::new(mounted), next: None, published: None, is_believed: false }
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

    /// The ring after a look at what is mounted and what is published. A key signs once it was published for the lead, so that
    /// whoever keeps keys for a while has seen it. A replica that has just started has no other; it waits for the end of the lead
    /// while there are replicas that sign with one that is known.
    pub(super) fn after(
        &self,
        mounted: Arc<SigningKey>,
        published: Arc<[Published]>,
        times: Times,
        now: DateTime<Utc>,
    ) -> Self {
        let is_seen =
            published.iter().any(|key| key.kid == mounted.kid && key.since + times.lead <= now);
        let may_sign = mounted.kid == self.signing.kid || self.published.is_none() || is_seen;
        let is_in_use = |key: &Published| key.until > now + times.lifetime;
        let is_alone = !published.iter().any(|key| key.kid != mounted.kid && is_in_use(key));
        // Until a new key may sign, the one before signs, which was believed or not.
        let is_believed = self.is_believed || (may_sign && (is_seen || is_alone));
        let (signing, next) =
            if may_sign { (mounted, None) } else { (Arc::clone(&self.signing), Some(mounted)) };
        Self { signing, next, published: Some(published), is_believed }
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
    const TIMES: Times = Times { lead: LEAD, lifetime: Duration::from_mins(15) };

    fn key() -> Arc<SigningKey> {
        Arc::new(SigningKey::parse(signing_key().unwrap().into()).unwrap())
    }

    fn published(key: &SigningKey, since: DateTime<Utc>, until: DateTime<Utc>) -> Published {
        Published { kid: key.kid.clone(), public_key: Json(key.public.clone()), since, until }
    }

    fn kids(ring: &Ring, now: DateTime<Utc>) -> Vec<String> {
        ring.public(now).keys.into_iter().filter_map(|key| key.common.key_id).collect()
    }

    /// A replica with a key, before its first look.
    fn starting(key: &Arc<SigningKey>) -> Ring {
        Ring { signing: Arc::clone(key), next: None, published: None, is_believed: false }
    }

    #[test]
    fn a_replica_that_starts_with_a_key_nobody_has_seen_is_believed_after_the_lead() {
        let (old, new, now) = (key(), key(), Utc::now());
        let in_use = now + TimeDelta::minutes(30);
        let table: Arc<[_]> = [published(&new, now, in_use), published(&old, now, in_use)].into();
        let ring = starting(&new).after(Arc::clone(&new), Arc::clone(&table), TIMES, now);
        assert!(!ring.is_believed);
        let ring = ring.after(Arc::clone(&new), table, TIMES, now + LEAD);
        assert!(ring.is_believed);
    }

    #[test]
    fn a_replica_that_starts_where_nobody_signs_with_another_key_is_believed_at_once() {
        let (old, new, now) = (key(), key(), Utc::now());
        // As long as a replica signs with a key, it is published for longer than a token lives.
        let retired = published(&old, now, now + TimeDelta::minutes(15));
        let own = published(&new, now, now + TimeDelta::minutes(30));
        for table in [vec![own.clone()], vec![own, retired]] {
            let ring = starting(&new).after(Arc::clone(&new), table.into(), TIMES, now);
            assert!(ring.is_believed);
        }
    }

    #[test]
    fn a_new_key_is_published_at_once_and_signs_when_everybody_has_seen_it() {
        let (old, new, now) = (key(), key(), Utc::now());
        let until = now + TimeDelta::minutes(16);
        let table: Arc<[_]> = [published(&new, now, until), published(&old, now, until)].into();
        let ring = Ring {
            signing: Arc::clone(&old),
            next: None,
            published: Some([].into()),
            is_believed: true,
        };
        let ring = ring.after(Arc::clone(&new), Arc::clone(&table), TIMES, now);
        assert_eq!(ring.signing.kid, old.kid);
        assert_eq!(kids(&ring, now), [&*old.kid, &*new.kid]);
        let ring = ring.after(Arc::clone(&new), table, TIMES, now + LEAD);
        assert_eq!(ring.signing.kid, new.kid);
        assert_eq!(kids(&ring, now + LEAD), [&*new.kid, &*old.kid]);
    }

    #[test]
    fn a_key_that_is_taken_back_before_it_signed_changes_nothing() {
        let (old, new, now) = (key(), key(), Utc::now());
        let ring = Ring {
            signing: Arc::clone(&old),
            next: Some(new),
            published: Some([].into()),
            is_believed: true,
        };
        let ring = ring.after(Arc::clone(&old), [].into(), TIMES, now);
        assert_eq!(ring.signing.kid, old.kid);
        assert!(ring.next.is_none());
    }

    #[test]
    fn a_replica_that_has_just_started_knows_the_keys_of_the_others_until_they_expire() {
        let (old, new, now) = (key(), key(), Utc::now());
        let until = now + TimeDelta::minutes(1);
        let ring = starting(&new);
        let ring = ring.after(Arc::clone(&new), [published(&old, now, until)].into(), TIMES, now);
        assert_eq!(ring.signing.kid, new.kid);
        assert_eq!(kids(&ring, now), [&*new.kid, &*old.kid]);
        assert_eq!(kids(&ring, until), [&*new.kid]);
    }
}
