//! Limits of how often somebody may do something: a counter in Redis per key and window, shared by all replicas.
//!
//! A try is counted *before* the work and given back if it should not count, so that parallel tries cannot slip past.

mod own;

use std::{sync::Arc, time::Duration};

use redis::Cmd;
use sha2::{Digest as _, Sha256};

use crate::{cache::Cache, error::ApiError};
use own::OwnCounts;

/// Counts, begins the window with the first count, and says how long it still lasts.
const TAKE: &str = "local n = redis.call('INCR', KEYS[1]) \
     if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end \
     return {n, redis.call('PTTL', KEYS[1])}";
/// Uncounts, unless the window is over. In a later one there may be fewer tries than are given back: it never falls below none.
const GIVE_BACK: &str = "if tonumber(redis.call('GET', KEYS[1]) or 0) > 0 \
     then return redis.call('DECR', KEYS[1]) end return 0";
/// What all our keys begin with.
const PREFIX: &str = "ecotrack:limit:";

/// What to do while Redis is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailMode {
    /// Let everything through: the limit protects capacity.
    Allow,
    /// Let nothing through: the limit protects a secret.
    Refuse,
}

/// A limit.
#[derive(Debug, Clone, Copy)]
pub struct RateLimit {
    /// Its name, part of the key, for example `login`.
    pub name: &'static str,
    /// Tries within a window.
    pub tries: u32,
    /// The window, from the first try on.
    pub window: Duration,
    /// What to do while Redis is away.
    pub without_redis: FailMode,
}

/// Why a try was not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too many tries; a 429.
    #[error("too many tries, again in {retry_after:?}")]
    Limited {
        /// When the window is over.
        retry_after: Duration,
    },
    /// Nobody can count; a 503.
    #[error("tries cannot be counted while redis is away")]
    Uncounted,
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Limited { retry_after } => Self::too_many_requests(retry_after),
            Refused::Uncounted => Self::unavailable(refused),
        }
    }
}

/// Enforces a limit. Cheap to clone.
#[derive(Clone)]
pub struct RateLimiter {
    cache: Cache,
    limit: RateLimit,
    own: OwnCounts,
}

/// A try that was counted.
#[must_use = "dropping it keeps the try counted, which is mostly right: say so with `drop`"]
pub struct Permit {
    /// `None` when nobody counted.
    counted: Option<Counted>,
}

/// Where a try was counted, and under which key.
struct Counted {
    cache: Cache,
    own: OwnCounts,
    key: Arc<str>,
}

impl RateLimiter {
    /// Enforces a limit with the counters of a service's Redis.
    #[must_use]
    pub fn new(cache: &Cache, limit: RateLimit) -> Self {
        Self { cache: cache.clone(), limit, own: OwnCounts::default() }
    }

    /// Counts a try of `key`: an account, an address, or both. The key itself is not kept, only its digest.
    pub async fn take(&self, key: &str) -> Result<Permit, Refused> {
        let key = self.key(key);
        let window = u64::try_from(self.limit.window.as_millis()).unwrap_or(u64::MAX);
        let command = Cmd::new().arg("EVAL").arg(TAKE).arg(1).arg(&*key).arg(window).clone();
        match self.cache.ask::<(i64, i64)>(&command).await {
            Ok((tries, left)) => self.judge(key, tries, left),
            Err(error) => {
                tracing::debug!(limit = self.limit.name, %error, "a try was not counted");
                match self.limit.without_redis {
                    FailMode::Allow => Ok(Permit { counted: None }),
                    FailMode::Refuse => Err(Refused::Uncounted),
                }
            }
        }
    }

    /// Whether a try is granted that is the how-manieth of a window with so many milliseconds left.
    fn judge(&self, key: Arc<str>, tries: i64, left: i64) -> Result<Permit, Refused> {
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(self.limit.window);
        let own = self.own.take(&key, left);
        if tries.max(i64::from(own)) > i64::from(self.limit.tries) {
            return Err(Refused::Limited { retry_after: left });
        }
        let (cache, own) = (self.cache.clone(), self.own.clone());
        Ok(Permit { counted: Some(Counted { cache, own, key }) })
    }

    fn key(&self, key: &str) -> Arc<str> {
        let digest = Sha256::digest(key);
        let hex = digest.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        format!("{PREFIX}{}:{hex}", self.limit.name).into()
    }
}

impl Permit {
    /// The try shall not count: it was a success where failures are limited. That this may not be noted is no error.
    pub async fn give_back(self) {
        let Some(Counted { cache, own, key }) = self.counted else { return };
        own.give_back(&key);
        let command = Cmd::new().arg("EVAL").arg(GIVE_BACK).arg(1).arg(&*key).clone();
        if let Err(error) = cache.ask::<i64>(&command).await {
            tracing::debug!(%error, "a try stays counted");
        }
    }
}
