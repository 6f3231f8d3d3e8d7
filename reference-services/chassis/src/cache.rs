//! Redis as a cache in front of the database: never the truth, never a reason to fail.
//!
//! When Redis is lost or slow, reads are misses and writes are skipped ("bypass"); it is asked again a moment later.

mod connection;

use std::{marker::PhantomData, sync::Arc, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use redis::Cmd;
use serde::{Serialize, de::DeserializeOwned};

pub use connection::CacheSettings;
use connection::Connection;

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
    reads: Family<ReadLabels, Counter>,
}

impl Cache {
    /// Does not connect yet: the first use does.
    pub fn new(settings: &CacheSettings, registry: &mut Registry) -> anyhow::Result<Self> {
        let reads = Family::default();
        registry.register("cache_requests", "Reads of a cache", Family::clone(&reads));
        Ok(Self { connection: Arc::new(Connection::lazy(settings)?), reads })
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
        let answer: Result<Option<Vec<u8>>, _> =
            self.cache.connection.ask(Cmd::new().arg("GET").arg(self.key(id))).await;
        let value = answer.as_ref().ok().and_then(Option::as_deref).and_then(decode);
        let result = match (&answer, &value) {
            (Err(_), _) => "bypass",
            (Ok(_), Some(_)) => "hit",
            (Ok(_), None) => "miss",
        };
        self.cache.reads.get_or_create(&ReadLabels { cache: self.name, result }).inc();
        value
    }

    /// Keeps a value. That it may not be kept is no error.
    pub async fn put(&self, id: &str, value: &T) {
        let Ok(bytes) = serde_json::to_vec(value) else { return };
        let seconds = self.ttl.as_secs().max(1);
        let command =
            Cmd::new().arg("SET").arg(self.key(id)).arg(bytes).arg("EX").arg(seconds).clone();
        self.tell(&command).await;
    }

    /// Forgets a value. When Redis is away it stays until its time is over.
    pub async fn remove(&self, id: &str) {
        self.tell(Cmd::new().arg("DEL").arg(self.key(id))).await;
    }

    /// The cached value, or the one `load` finds, which is then kept.
    pub async fn get_or_load<E, Fut>(
        &self,
        id: &str,
        load: impl FnOnce() -> Fut,
    ) -> Result<Option<T>, E>
    where
        Fut: Future<Output = Result<Option<T>, E>>,
    {
        if let Some(value) = self.get(id).await {
            return Ok(Some(value));
        }
        let found = load().await?;
        if let Some(value) = &found {
            self.put(id, value).await;
        }
        Ok(found)
    }

    async fn tell(&self, command: &Cmd) {
        if let Err(error) = self.cache.connection.ask::<redis::Value>(command).await {
            tracing::debug!(cache = self.name, %error, "the cache was not written");
        }
    }

    fn key(&self, id: &str) -> String {
        format!("{PREFIX}{}:{id}", self.name)
    }
}

/// What an older or newer version wrote and we cannot read is a miss.
fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}
