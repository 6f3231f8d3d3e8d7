//! The topics, and how far the consumers say they are.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Records and offsets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kafka {
    /// Every partition of every topic that was read, empty ones too.
    pub logs: Vec<Log>,
    /// Every record of them, in the order of its partition.
    pub records: Vec<Record>,
    /// Offsets that consumer groups committed.
    pub offsets: Vec<Offset>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// Of which topic.
    pub topic: String,
    /// Which one.
    pub partition: i32,
    /// First offset that is still there.
    pub low: i64,
    /// The offset that the next record will get.
    pub high: i64,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// In which topic.
    pub topic: String,
    /// In which partition.
    pub partition: i32,
    /// Where.
    pub offset: i64,
    /// The aggregate.
    pub key: Option<String>,
    /// Headers that are text.
    pub headers: BTreeMap<String, String>,
    /// The event.
    pub payload: Payload,
}

/// How far a consumer group is in a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offset {
    /// The group, which is the consumer's name.
    pub group: String,
    /// Of which topic.
    pub topic: String,
    /// Which partition.
    pub partition: i32,
    /// The next record it will ask for.
    pub committed: i64,
}

/// Bytes, readable where they are text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Payload {
    /// Text, byte for byte.
    Text(String),
    /// Anything else.
    Bytes {
        /// In base 64.
        base64: String,
    },
}

impl Payload {
    /// Bytes as they came.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Bytes { base64: STANDARD.encode(bytes) },
        }
    }

    /// The document it is, null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        match self {
            Self::Text(text) => serde_json::from_str(text).unwrap_or(Value::Null),
            Self::Bytes { .. } => Value::Null,
        }
    }
}

impl Record {
    /// Identity of the event, if the record is one.
    #[must_use]
    pub fn event_id(&self) -> Option<Uuid> {
        self.headers.get("ce_id")?.parse().ok()
    }

    /// Type of the event, empty if the record is none.
    #[must_use]
    pub fn event_type(&self) -> &str {
        self.headers.get("ce_type").map_or("", String::as_str)
    }

    /// When the event happened, if the record says so.
    #[must_use]
    pub fn time(&self) -> Option<DateTime<Utc>> {
        self.headers.get("ce_time")?.parse().ok()
    }

    /// Where it is, in words.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}/{} offset {}", self.topic, self.partition, self.offset)
    }
}
