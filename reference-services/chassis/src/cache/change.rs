//! How what is cached changes.

use std::time::Duration;

use redis::Cmd;
use tokio::time::Instant;

use super::owed;

/// How a value in Redis changes.
pub(super) struct Change {
    pub(super) key: String,
    /// What says so at once.
    pub(super) command: Cmd,
    /// What ends the value under this key when that cannot be said, or might not be true: made anew for each time it is said, since
    /// what is read in between must not count as read after the last one.
    pub(super) end: fn(&str) -> Cmd,
    /// How long a value lives without either.
    pub(super) ttl: Duration,
}

impl Change {
    /// The end of the value in place of what it becomes.
    pub(super) fn ending(&self) -> Self {
        Self { key: self.key.clone(), command: (self.end)(&self.key), ..*self }
    }

    /// The end of the value, to be sent later.
    pub(super) fn into_owed(self) -> owed::Change {
        let command = (self.end)(&self.key);
        owed::Change { key: self.key, command, until: Instant::now() + self.ttl }
    }
}
