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
    /// What ends the value when that cannot be said, or might not be true.
    pub(super) end: Cmd,
    /// How long a value lives without either.
    pub(super) ttl: Duration,
}

impl Change {
    /// The end of the value in place of what it becomes.
    pub(super) fn ending(self) -> Self {
        Self { command: self.end.clone(), ..self }
    }

    /// The end of the value, to be sent later.
    pub(super) fn into_owed(self) -> owed::Change {
        owed::Change { key: self.key, command: self.end, until: Instant::now() + self.ttl }
    }
}
