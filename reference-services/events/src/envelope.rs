//! What every event carries besides its payload.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::Event;

/// An event with its identity: what a consumer claims in its inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Identity of the event, time-ordered (UUID version 7). The same on every delivery.
    pub id: Uuid,
    /// The service that said so.
    pub source: String,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// What happened.
    pub event: Event,
}

impl Envelope {
    /// A new fact, now.
    #[must_use]
    pub fn new(source: &str, event: impl Into<Event>) -> Self {
        Self {
            id: Uuid::now_v7(),
            source: source.to_owned(),
            time: Utc::now(),
            event: event.into(),
        }
    }
}
