//! Redis as a cache in front of the database: never the truth, never a reason to fail.
//!
//! When Redis is lost or slow, reads are misses and what was read is not kept ("bypass"); it is asked again a moment later. What
//! ends a value is sent all the same, and again until Redis takes it. A hit is one command; of many who miss the same value at
//! once, one loads it.

mod change;
mod connection;
mod flight;
mod invalidation;
mod owed;
mod seen;
mod sender;
mod versioned;

use std::{marker::PhantomData, sync::Arc, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use redis::{Cmd, FromRedisValue};
use serde::{Serialize, de::DeserializeOwned};

use change::Change;
pub use connection::CacheSettings;
use connection::Connection;
pub use flight::LoadFailed;
use flight::{Flights, Leader, Turn};
pub use invalidation::Invalidation;
use seen::Seen;
use sender::Sender;
pub use versioned::VersionedCache;

/// What all our keys begin with.
const PREFIX: &str = "ecotrack:cache:";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReadLabels {
    cache: &'static str,
    result: &'static str,
}

/// The connection to Redis, shared by all caches of a service.
#[derive(Clone)]
pub struct Cache {
    connection: Arc<Connection>,
    sender: Sender,
    reads: Family<ReadLabels, Counter>,
    flights: Flights,
}

impl Cache {
    /// Does not connect yet: the first use does.
    pub fn new(settings: &CacheSettings, registry: &mut Registry) -> anyhow::Result<Self> {
        let reads = Family::default();
        registry.register("cache_requests", "Reads of a cache", Family::clone(&reads));
        let connection = Arc::new(Connection::lazy(settings)?);
        let sender = Sender::new(Arc::clone(&connection), registry);
        Ok(Self { connection, sender, reads, flights: Flights::default() })
    }

    /// Sends one command, within a short patience.
    pub(crate) async fn ask<T: FromRedisValue>(
        &self,
        command: &Cmd,
    ) -> Result<T, connection::Error> {
        self.connection.ask(command).await
    }

    /// Sends a write. That it may not arrive is no error.
    async fn tell(&self, cache: &'static str, command: &Cmd) {
        if let Err(error) = self.ask::<redis::Value>(command).await {
            tracing::debug!(cache, %error, "the cache was not written");
        }
    }

    /// A cache of values of one type under `ecotrack:cache:<name>:<id>`, each for `ttl`.
    #[must_use]
    pub fn of<T>(&self, name: &'static str, ttl: Duration) -> TypedCache<T> {
        TypedCache { cache: self.clone(), name, ttl, values: PhantomData }
    }
}

/// A cache of values of one type.
pub struct TypedCache<T> {
    cache: Cache,
    name: &'static str,
    ttl: Duration,
    values: PhantomData<fn() -> T>,
}

impl<T> Clone for TypedCache<T> {
    fn clone(&self) -> Self {
        Self { cache: self.cache.clone(), values: PhantomData, ..*self }
    }
}

impl<T: Serialize + DeserializeOwned + Sync> TypedCache<T> {
    /// The value, if the cache has it.
    pub async fn get(&self, id: &str) -> Option<T> {
        self.read(id).await.ok()
    }

    /// Keeps a value in place of what was there. If it cannot be kept, what was there is forgotten.
    pub fn put(&self, id: &str, value: &T) -> Invalidation {
        let key = self.key(id);
        let command = serde_json::to_vec(value).map_or_else(
            |error| {
                tracing::warn!(cache = self.name, %error, "a value cannot be cached");
                seen::remove(&key)
            },
            |bytes| seen::set(&key, &bytes, self.seconds()),
        );
        self.invalidation(key, command)
    }

    /// Forgets a value, and for a moment keeps a slow reader from putting back what it read before the change; who reads after it
    /// may.
    pub fn remove(&self, id: &str) -> Invalidation {
        let key = self.key(id);
        let command = seen::remove(&key);
        self.invalidation(key, command)
    }

    /// No change yet, for others to be added to.
    pub fn unchanged(&self) -> Invalidation {
        Invalidation::new(self.cache.sender.clone(), Vec::new())
    }

    /// The cached value, or the one `load` finds, which is then kept. `load` runs once for all who ask at the same time;
    /// not for those who ask after a removal that it may have missed.
    pub async fn get_or_load<E, Fut>(
        &self,
        id: &str,
        load: impl FnOnce() -> Fut,
    ) -> Result<Option<T>, E>
    where
        Fut: Future<Output = Result<Option<T>, E>>,
        E: From<LoadFailed>,
    {
        let seen = match self.read(id).await {
            Ok(value) => return Ok(Some(value)),
            Err(seen) => seen,
        };
        match self.cache.flights.turn(&seen.flight(&self.key(id))).await {
            Turn::Load(leader) => self.lead(leader, id, load).await,
            Turn::Landed(loaded) => Ok(loaded?.as_deref().and_then(decode)),
        }
    }

    async fn lead<E, Fut>(
        &self,
        leader: Leader,
        id: &str,
        load: impl FnOnce() -> Fut,
    ) -> Result<Option<T>, E>
    where
        Fut: Future<Output = Result<Option<T>, E>>,
    {
        // Another flight may have landed between our miss and now.
        let (found, seen) = match self.look(id).await.0 {
            Ok(value) => (Ok(Some(value)), Seen::Unknown),
            Err(seen) => (load().await, seen),
        };
        let loaded = match &found {
            Ok(Some(value)) => self.keep(id, &seen, value).await.map(Some),
            Ok(None) => Ok(None),
            Err(_) => Err(LoadFailed),
        };
        leader.finish(loaded);
        found
    }

    /// Keeps a value that was read, unless it was changed or removed since what was seen before that.
    async fn keep(&self, id: &str, seen: &Seen, value: &T) -> Result<Arc<[u8]>, LoadFailed> {
        let bytes = serde_json::to_vec(value).map_err(|error| {
            tracing::warn!(cache = self.name, %error, "a value cannot be cached");
            LoadFailed
        })?;
        if let Some(command) = seen.keep(&self.key(id), &bytes, self.seconds()) {
            self.cache.tell(self.name, &command).await;
        }
        Ok(bytes.into())
    }

    /// A look that counts.
    async fn read(&self, id: &str) -> Result<T, Seen> {
        let (found, result) = self.look(id).await;
        self.cache.reads.get_or_create(&ReadLabels { cache: self.name, result }).inc();
        found
    }

    /// The value, or what there was instead of one.
    async fn look(&self, id: &str) -> (Result<T, Seen>, &'static str) {
        let answer: Result<Option<Vec<u8>>, _> =
            self.cache.ask(Cmd::new().arg("GET").arg(self.key(id))).await;
        match answer {
            Err(_) => (Err(Seen::Unknown), "bypass"),
            Ok(None) => (Err(Seen::Nothing), "miss"),
            Ok(Some(bytes)) => match decode(&bytes) {
                Some(value) => (Ok(value), "hit"),
                None => (Err(Seen::Mark(bytes)), "miss"),
            },
        }
    }

    fn invalidation(&self, key: String, command: Cmd) -> Invalidation {
        let change = Change { key, command, end: seen::remove, ttl: self.ttl };
        Invalidation::new(self.cache.sender.clone(), vec![change])
    }

    fn seconds(&self) -> u64 {
        self.ttl.as_secs().max(1)
    }

    fn key(&self, id: &str) -> String {
        format!("{PREFIX}{}:{id}", self.name)
    }
}

/// What an older or newer version wrote and we cannot read is a miss.
fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}
