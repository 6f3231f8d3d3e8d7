//! What a service does with an event.

use ecotrack_events::Envelope;
use sqlx::{Postgres, Transaction};

use crate::{deadline::TooLong, postgres};

/// Why an event had no effect.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// Something we need is away. Tried again for as long as it takes: the event is not to blame.
    #[error("something the handler needs is away")]
    Unavailable(#[source] anyhow::Error),
    /// The attempt failed. Tried again a few times, then parked.
    #[error("the handler failed")]
    Failed(#[source] anyhow::Error),
    /// The event can never be handled. Parked at once.
    #[error("the event cannot be handled: {0}")]
    Poison(String),
}

impl From<sqlx::Error> for HandlerError {
    fn from(error: sqlx::Error) -> Self {
        anyhow::Error::from(error).into()
    }
}

/// The database vanished: handlers ask for nothing else.
impl From<TooLong> for HandlerError {
    fn from(late: TooLong) -> Self {
        Self::Unavailable(late.into())
    }
}

impl From<anyhow::Error> for HandlerError {
    fn from(error: anyhow::Error) -> Self {
        // An event whose statements never end in time would hold up its partition for ever. One that waits for a lock ends
        // before that, with an error of its own.
        let is_away = |error: &_| postgres::is_unavailable(error) && !postgres::is_too_slow(error);
        if postgres::is_behind(&error, is_away) {
            Self::Unavailable(error)
        } else {
            Self::Failed(error)
        }
    }
}

/// Handles the events of a topic. Events it has no interest in, it leaves alone and returns success.
pub trait Handler: Send + Sync + 'static {
    /// What of an effect is not in the database and must wait until it is committed: what a metric counts, what a cache forgets.
    type Effect: Send;

    /// Makes the event's effect in the given transaction, which also holds the claim. It is committed by the caller, mostly
    /// together with the effects of other events.
    ///
    /// No call to another service in here: an effect beyond the database is a row that a worker acts on afterwards.
    fn handle(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> impl Future<Output = Result<Self::Effect, HandlerError>> + Send;

    /// Told of effects once they are committed, for what may follow only then, such as waking the outbox. Where nobody heard how the
    /// commit ended, that is when the event is tried again and found claimed.
    fn committed(&self, effects: Vec<Self::Effect>) {
        drop(effects);
    }
}
