//! Changes of what is cached. They are sent also while reads leave Redis alone, because others may still read from it; and what it
//! did not take is sent again until it does.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{StreamExt as _, stream};
use prometheus_client::{metrics::counter::Counter, registry::Registry};
use redis::Cmd;
use tokio::{runtime::Handle, time::Instant};

use super::{
    change::Change,
    connection::{Connection, Error},
    owed::{self, Owed},
};

/// How long after a failure the changes that are owed are sent again.
const REST: Duration = Duration::from_secs(1);
/// The pauses before a change is told whose commit nobody hears of. What was cached must not end before the commit, or it is read and
/// cached as it was. Mostly that is soon over, but it may take as long as the server lets a statement run, so the change is told
/// again after that.
const COMMITTED: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(11)];
/// Changes sent side by side: there may be thousands, and Redis may be slow.
const SIDE_BY_SIDE: usize = 64;

/// Sends changes. Cheap to clone.
#[derive(Clone)]
pub(super) struct Sender {
    connection: Arc<Connection>,
    state: Arc<Mutex<State>>,
    given_up: Counter,
}

#[derive(Default)]
struct State {
    owed: Owed,
    is_repeating: bool,
}

impl Sender {
    pub(super) fn new(connection: Arc<Connection>, registry: &mut Registry) -> Self {
        let given_up = Counter::default();
        let help = "Changes of what is cached that were given up because too many waited for Redis";
        registry.register("cache_invalidations_given_up", help, given_up.clone());
        Self { connection, state: Arc::default(), given_up }
    }

    /// Sends changes, in a task of its own: a caller who hangs up does not end it. What cannot be sent is owed. While reads leave
    /// Redis alone nobody here sees what it holds, so the caller need not wait for it either.
    pub(super) async fn send(&self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        let is_awaited = !self.connection.is_paused();
        let sending = tokio::spawn(self.clone().deliver_all(changes));
        if is_awaited {
            sending.await.ok();
        }
    }

    /// Ends in a moment what these change, and again when the commit cannot be under way any more.
    pub(super) fn send_later(&self, changes: Vec<Change>) {
        // There is no runtime any more when a process ends.
        let (false, Ok(runtime)) = (changes.is_empty(), Handle::try_current()) else { return };
        let sender = self.clone();
        runtime.spawn(async move {
            for pause in COMMITTED {
                tokio::time::sleep(pause).await;
                sender.clone().deliver_all(changes.iter().map(Change::ending).collect()).await;
            }
        });
    }

    async fn deliver_all(self, changes: Vec<Change>) {
        let deliver = |change| self.deliver(change);
        stream::iter(changes).for_each_concurrent(SIDE_BY_SIDE, deliver).await;
    }

    async fn deliver(&self, change: Change) {
        if let Err(error) = self.tell(&change.command).await {
            tracing::debug!(%error, "a change of what is cached is sent again later");
            self.owe(change.into_owed());
        }
    }

    async fn tell(&self, command: &Cmd) -> Result<redis::Value, Error> {
        self.connection.insist(command).await
    }

    fn owe(&self, change: owed::Change) {
        let mut state = self.state();
        self.count(state.owed.add(change).as_ref());
        if !state.is_repeating {
            state.is_repeating = true;
            tokio::spawn(self.clone().repeat());
        }
    }

    /// Ends when nothing is owed any more.
    async fn repeat(self) {
        loop {
            tokio::time::sleep(REST).await;
            if self.catch_up().await {
                return;
            }
        }
    }

    /// Sends what is owed, up to the first failure: then Redis is still away. Says whether that was all.
    async fn catch_up(&self) -> bool {
        while let Some(change) = self.next() {
            if self.tell(&change.command).await.is_err() {
                let given_up = self.state().owed.put_back(change);
                self.count(given_up.as_ref());
                return false;
            }
        }
        true
    }

    fn next(&self) -> Option<owed::Change> {
        let mut state = self.state();
        let next = state.owed.next_due(Instant::now());
        state.is_repeating = next.is_some();
        next
    }

    fn count(&self, given_up: Option<&owed::Change>) {
        if given_up.is_some() {
            self.given_up.inc();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
