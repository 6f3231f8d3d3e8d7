//! How far back can be seen: an outbox forgets what it has sent, and Kafka throws away what is old.

use chrono::{DateTime, Utc};

use super::facts::Facts;
use crate::contract::OUTBOX_KEEPS;
use crate::observed::{Log, Record};

impl<'a> Facts<'a> {
    /// Whether what happened then may be gone from the outbox.
    pub(super) fn is_beyond_outbox(&self, at: DateTime<Utc>) -> bool {
        self.observed.at - at > OUTBOX_KEEPS
    }

    /// Partitions that have lost their beginning.
    pub(super) fn trimmed(&self) -> impl Iterator<Item = &'a Log> + use<'a> {
        self.observed.kafka.logs.iter().filter(|log| log.low > 0)
    }

    /// Whether a topic has lost something.
    pub(super) fn is_trimmed(&self, topic: &str) -> bool {
        self.trimmed().any(|log| log.topic == topic)
    }

    /// Whether there may have been something before a record that is gone.
    pub(super) fn is_trimmed_before(&self, record: &Record) -> bool {
        self.trimmed().any(|log| log.topic == record.topic && log.partition == record.partition)
    }
}

/// That what Kafka has thrown away cannot be looked for.
pub(super) fn what_is_gone(log: &Log) -> String {
    format!("{}/{} begins at offset {}: what was before is gone", log.topic, log.partition, log.low)
}
