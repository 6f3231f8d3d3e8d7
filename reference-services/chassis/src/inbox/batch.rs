//! Many records in one transaction: how a backlog is worked off.
//!
//! A transaction's price is its commit, which waits for the disk, and that is the same for one event and for many. So what lies
//! ready is handled together, in its order, each event in its own trace, with one commit for all claims and effects. Whatever
//! is in the way (a record that cannot be read, a handler that fails, a row that is locked) undoes all of it, and the records are
//! handled one by one: there is one place that knows about patience and dead letters.

use ecotrack_events::Envelope;
use tracing::Span;
use uuid::Uuid;

use super::{
    Handler, HandlerError, Processor, claims,
    processor::{self, Undecided},
};
use crate::{
    continuation, deadline,
    kafka::{Record, RecordError},
};

/// Whoever holds many rows must not wait for more: somebody may be waiting for one of these. Far less than PostgreSQL takes to see
/// a deadlock, so that it is never a request that is ended for it.
const BRIEF_WAITS: &str = "set local lock_timeout = '100ms'";

/// An event whose effect is made and not yet committed.
struct Made<'a> {
    record: &'a Record,
    event: &'a Envelope,
    span: Span,
}

impl<H: Handler> Processor<H> {
    /// Handles records in their order. Returns when the fate of each is durable.
    pub async fn process_all(&self, records: &[Record]) {
        let mut undecided = Undecided::new();
        if records.len() > 1 {
            match deadline::of_step(self.handle_together(records, &mut undecided)).await {
                Ok(()) => return,
                Err(error) => {
                    let error = format!("{:#}", anyhow::Error::from(error));
                    tracing::debug!(error, records = records.len(), "not together, one by one");
                }
            }
        }
        for record in records {
            self.process_again(record, &mut undecided).await;
        }
    }

    /// Claims and effects of all records in one transaction.
    async fn handle_together(
        &self,
        records: &[Record],
        undecided: &mut Undecided<H::Effect>,
    ) -> Result<(), HandlerError> {
        let events = events_of(records)?;
        let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
        let mut transaction = self.database.begin().await?;
        sqlx::query(BRIEF_WAITS).execute(&mut *transaction).await?;
        let mut claimed = claims::take(&mut transaction, self.consumer, &ids).await?;
        let (mut made, mut effects) = (Vec::new(), Vec::new());
        for (record, event) in records.iter().zip(&events) {
            // An event that comes twice in one batch has its effect with the first record.
            if claimed.remove(&event.id) {
                let span = processor::span(record);
                let effect = self.effect_of(&mut transaction, event);
                effects.push((event.id, in_context(record, span.clone(), effect).await?));
                made.push(Made { record, event, span });
            }
        }
        undecided.extend(effects);
        transaction.commit().await?;
        let in_order = made.iter().filter_map(|made| undecided.remove(&made.event.id));
        self.handler.committed(in_order.collect());
        for Made { record, event, span } in made {
            in_context(record, span, async { processor::note_handled(event) }).await;
        }
        Ok(())
    }
}

fn events_of(records: &[Record]) -> Result<Vec<Envelope>, HandlerError> {
    let events: Result<Vec<_>, RecordError> = records.iter().map(Record::envelope).collect();
    events.map_err(|error| HandlerError::Poison(error.to_string()))
}

/// In the trace of a record and for the user it belongs to.
async fn in_context<F: Future>(record: &Record, span: Span, work: F) -> F::Output {
    continuation::resume(&record.headers, &record.topic, span, work).await
}
