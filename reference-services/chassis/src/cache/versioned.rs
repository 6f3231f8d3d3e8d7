//! A cache whose values all end at once: each carries the version of the whole under which it was read, and a change of what they
//! were read from raises that version.
//!
//! Redis may lose the version and keep values. So it begins somewhere else each time, and grows by a step that nobody else takes: it
//! is never again what it was, and what was kept under a lost one stays a miss.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use redis::Cmd;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Cache, Change, Invalidation, LoadFailed, PREFIX, ReadLabels, decode,
    flight::{Leader, Turn},
};

/// Values of one type under `ecotrack:cache:<name>:<id>`, and their version under `ecotrack:cache:<name>-version`.
pub struct VersionedCache<T> {
    cache: Cache,
    name: &'static str,
    ttl: Duration,
    values: PhantomData<fn() -> T>,
}

impl<T> Clone for VersionedCache<T> {
    fn clone(&self) -> Self {
        Self { cache: self.cache.clone(), values: PhantomData, ..*self }
    }
}

/// A value, and the version of the whole under which it was read.
#[derive(Serialize, Deserialize)]
struct Entry<T> {
    version: i64,
    value: T,
}

/// What a look came to. Without a version Redis is away, or had lost it, and nothing is to be kept.
struct Seen<T> {
    version: Option<i64>,
    value: Option<T>,
}

impl Cache {
    /// A cache of values that a change ends all at once, each for `ttl` at most.
    #[must_use]
    pub fn versioned<T>(&self, name: &'static str, ttl: Duration) -> VersionedCache<T> {
        VersionedCache { cache: self.clone(), name, ttl, values: PhantomData }
    }
}

impl<T: Serialize + DeserializeOwned + Sync> VersionedCache<T> {
    /// Ends all values.
    pub fn bump(&self) -> Invalidation {
        let key = self.version_key();
        let change = Change { command: raise(&key), key, end: raise, ttl: self.ttl };
        Invalidation::new(self.cache.sender.clone(), vec![change])
    }

    /// The cached value of the present version, or the one `load` finds, which is then kept. A hit is one command. `load` runs
    /// once for all who ask at the same time; not for those who ask after a change that it may have missed.
    pub async fn get_or_load<E, Fut>(
        &self,
        id: &str,
        load: impl FnOnce() -> Fut,
    ) -> Result<Option<T>, E>
    where
        Fut: Future<Output = Result<Option<T>, E>>,
        E: From<LoadFailed>,
    {
        let Seen { version, value } = self.read(id).await;
        if value.is_some() {
            return Ok(value);
        }
        let flight = format!("{}@{}", self.key(id), version.unwrap_or_default());
        match self.cache.flights.turn(&flight).await {
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
        // The version is read before what is loaded: a change in between makes it a miss for the next one who asks.
        let (Seen { version, value }, _) = self.look(id).await;
        let found = match value {
            Some(value) => Ok(Some(value)),
            None => load().await,
        };
        let loaded = match &found {
            Ok(Some(value)) => self.keep(id, version, value).await.map(Some),
            Ok(None) => Ok(None),
            Err(_) => Err(LoadFailed),
        };
        leader.finish(loaded);
        found
    }

    /// Keeps a value and says it encoded.
    async fn keep(
        &self,
        id: &str,
        version: Option<i64>,
        value: &T,
    ) -> Result<Arc<[u8]>, LoadFailed> {
        let refused = |error: serde_json::Error| {
            tracing::warn!(cache = self.name, %error, "a value cannot be cached");
            LoadFailed
        };
        if let Some(version) = version {
            let bytes = serde_json::to_vec(&Entry { version, value }).map_err(refused)?;
            let seconds = self.ttl.as_secs().max(1);
            self.cache
                .tell(
                    self.name,
                    Cmd::new().arg("SET").arg(self.key(id)).arg(bytes).arg("EX").arg(seconds),
                )
                .await;
        }
        Ok(serde_json::to_vec(value).map_err(refused)?.into())
    }

    /// A look that counts.
    async fn read(&self, id: &str) -> Seen<T> {
        let (seen, result) = self.look(id).await;
        self.cache.reads.get_or_create(&ReadLabels { cache: self.name, result }).inc();
        seen
    }

    async fn look(&self, id: &str) -> (Seen<T>, &'static str) {
        let command = Cmd::new().arg("MGET").arg(self.version_key()).arg(self.key(id)).clone();
        let answer: Result<(Option<i64>, Option<Vec<u8>>), _> = self.cache.ask(&command).await;
        let Ok((version, bytes)) = answer else {
            return (Seen { version: None, value: None }, "bypass");
        };
        let Some(version) = version else {
            self.begin().await;
            return (Seen { version: None, value: None }, "miss");
        };
        let entry: Option<Entry<T>> = bytes.as_deref().and_then(decode);
        let value = entry.filter(|entry| entry.version == version).map(|entry| entry.value);
        let result = if value.is_some() { "hit" } else { "miss" };
        (Seen { version: Some(version), value }, result)
    }

    /// Begins with a version, unless somebody just did. Whoever looks next reads under it.
    async fn begin(&self) {
        let begin = Cmd::new().arg("SET").arg(self.version_key()).arg(step()).arg("NX").clone();
        self.cache.tell(self.name, &begin).await;
    }

    fn version_key(&self) -> String {
        format!("{PREFIX}{}-version", self.name)
    }

    fn key(&self, id: &str) -> String {
        format!("{PREFIX}{}:{id}", self.name)
    }
}

/// Makes it another version. Of one that was lost it begins a new one.
fn raise(key: &str) -> Cmd {
    Cmd::new().arg("INCRBY").arg(key).arg(step()).clone()
}

/// Not too large for a version to grow by for ever.
fn step() -> u32 {
    rand::random_range(1..=u32::MAX)
}
