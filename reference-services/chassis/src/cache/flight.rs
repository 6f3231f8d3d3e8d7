//! Single flight: of all who miss the same key at once, one loads and the others wait for what it found.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;

use crate::error::ApiError;

/// The one who loaded for all failed; the others do not repeat it, they would only be a storm upon what is in trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value could not be loaded by the request that tried")]
pub struct LoadFailed;

impl From<LoadFailed> for ApiError {
    fn from(error: LoadFailed) -> Self {
        Self::unavailable(error)
    }
}

impl From<LoadFailed> for sqlx::Error {
    fn from(error: LoadFailed) -> Self {
        Self::Io(std::io::Error::other(error))
    }
}

/// What a load came to: the encoded value, or that there is none.
pub(super) type Loaded = Result<Option<Arc<[u8]>>, LoadFailed>;

/// The loads under way, by key.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<String, watch::Receiver<Option<Loaded>>>>>);

enum Part {
    Leader(Leader),
    Follower(Follower),
}

/// What somebody who missed a value comes to.
pub(super) enum Turn {
    /// The load is theirs.
    Load(Leader),
    /// Somebody else's load is over.
    Landed(Loaded),
}

impl Flights {
    /// Waits for the load of a key that is under way, or takes it on.
    pub(super) async fn turn(&self, key: &str) -> Turn {
        loop {
            match self.join(key) {
                Part::Leader(leader) => return Turn::Load(leader),
                Part::Follower(follower) => {
                    if let Some(loaded) = follower.outcome().await {
                        return Turn::Landed(loaded);
                    }
                }
            }
        }
    }

    /// Joins the load of a key, or begins it.
    fn join(&self, key: &str) -> Part {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match flights.entry(key.to_owned()) {
            Entry::Occupied(flight) => Part::Follower(Follower(flight.get().clone())),
            Entry::Vacant(free) => {
                let (said, heard) = watch::channel(None);
                free.insert(heard);
                Part::Leader(Leader { flights: self.clone(), key: key.to_owned(), said })
            }
        }
    }
}

/// The duty to load. When it is dropped without a word, one of those who wait takes it over.
pub(super) struct Leader {
    flights: Flights,
    key: String,
    said: watch::Sender<Option<Loaded>>,
}

impl Leader {
    pub(super) fn finish(self, loaded: Loaded) {
        self.said.send_replace(Some(loaded));
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.flights.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

struct Follower(watch::Receiver<Option<Loaded>>);

impl Follower {
    /// What the leader found; nothing when it went away.
    async fn outcome(mut self) -> Option<Loaded> {
        self.0.wait_for(Option::is_some).await.ok()?.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leader(flights: &Flights) -> Leader {
        match flights.join("k") {
            Part::Leader(leader) => leader,
            Part::Follower(_) => panic!("somebody else leads"),
        }
    }

    fn follower(flights: &Flights) -> Follower {
        match flights.join("k") {
            Part::Follower(follower) => follower,
            Part::Leader(_) => panic!("nobody leads"),
        }
    }

    #[tokio::test]
    async fn followers_get_what_the_leader_found() {
        let flights = Flights::default();
        let (leader, follower) = (leader(&flights), follower(&flights));
        leader.finish(Ok(Some(Arc::from(*b"v"))));
        assert_eq!(follower.outcome().await, Some(Ok(Some(Arc::from(*b"v")))));
    }

    #[tokio::test]
    async fn when_the_leader_goes_away_another_one_leads() {
        let flights = Flights::default();
        let (first, waiting) = (leader(&flights), follower(&flights));
        drop(first);
        assert_eq!(waiting.outcome().await, None);
        leader(&flights).finish(Ok(None));
        assert!(flights.0.lock().unwrap().is_empty());
    }
}
