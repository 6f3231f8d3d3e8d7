//! What the world says, as plain values: they serialise, so that a history can be stored, judged again and shown as evidence.

mod database;
mod kafka;
mod ledger;
mod telemetry;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use database::{
    Claim, Database, HistoryEntry, KeptAnswer, Notification, Order, OrderItem, OutboxRow, Payment,
    Preference, Product, Reservation,
};
pub use kafka::{Kafka, Log, Offset, Payload, Record};
pub(crate) use ledger::decimal as ledger_decimal;
pub use ledger::{Entry, Transfer, TransferKind};
pub use telemetry::{ReplicaLag, Span, Telemetry, Trace};

/// Everything that was read, after the system had come to rest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// When reading ended.
    pub at: DateTime<Utc>,
    /// The services' tables, read in one snapshot.
    pub database: Database,
    /// The topics from their beginning, and how far consumers are.
    pub kafka: Kafka,
    /// The provider's own append-only ledger.
    pub ledger: Vec<Entry>,
    /// Traces and log lines; none if nobody said where they are.
    pub telemetry: Option<Telemetry>,
    /// How far the read replica was behind; none if there is no replica.
    pub replica: Option<ReplicaLag>,
}
