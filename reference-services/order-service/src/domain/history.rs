//! What happened to an order.

use chrono::{DateTime, Utc};

use super::change::Actor;
use super::status::Status;

/// One step of an order's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The status it reached.
    pub status: Status,
    /// When.
    pub at: DateTime<Utc>,
    /// By whose doing.
    pub actor: Actor,
    /// Why, where the status alone does not say.
    pub reason: Option<String>,
}
