//! One record, from bytes to its effect or to the dead-letter topic.

use std::{collections::HashMap, panic::AssertUnwindSafe, time::Duration};

use anyhow::Context as _;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use ecotrack_events::{Envelope, Topic};
use futures::FutureExt as _;
use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use sqlx::{Postgres, Transaction};
use tracing::Span;
use uuid::Uuid;

use super::{Handler, HandlerError, claims, dead_letter};
use crate::{
    continuation, deadline, failpoint,
    kafka::{Producer, Record},
    outage::Outage,
    postgres::Database,
};

/// Attempts before an event is parked, unless something else than the event is to blame.
const MAX_ATTEMPTS: usize = 5;
const MIN_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its effect is committed.
    Handled,
    /// It was claimed before: nothing was done.
    Duplicate,
    /// It is in the dead-letter topic, for this reason.
    Parked(String),
}

/// Effects whose commit was begun and not heard to end, by event. An event that is found claimed has its effect.
pub(super) type Undecided<E> = HashMap<Uuid, E>;

/// `events_parked_total`, by topic.
type Parked = Family<[(&'static str, String); 1], Counter>;

/// Makes events' effects, once each.
pub struct Processor<H> {
    pub(super) consumer: &'static str,
    pub(super) database: Database,
    producer: Producer,
    pub(super) handler: H,
    parked: Parked,
}

impl<H: Handler> Processor<H> {
    /// A processor for one consumer: the name under which events are claimed.
    pub fn new(consumer: &'static str, database: Database, producer: Producer, handler: H) -> Self {
        Self { consumer, database, producer, handler, parked: Parked::default() }
    }

    /// Counts what is parked in a metric.
    #[must_use]
    pub(crate) fn counting(self, topics: &[Topic], registry: &mut Registry) -> Self {
        for topic in topics {
            // A series that begins with its first event has no increase an alert could see.
            drop(self.parked.get_or_create(&[("topic", topic.name().to_owned())]));
        }
        let help = "Records that were parked in a dead-letter topic";
        registry.register("events_parked", help, self.parked.clone());
        self
    }

    /// Handles one record in the trace and for the user it belongs to. Returns when its fate is durable.
    pub async fn process(&self, record: &Record) -> Outcome {
        self.process_again(record, &mut Undecided::new()).await
    }

    /// Handles one record that may have its effect already.
    pub(super) async fn process_again(
        &self,
        record: &Record,
        undecided: &mut Undecided<H::Effect>,
    ) -> Outcome {
        let decided = self.decide(record, undecided);
        continuation::resume(&record.headers, &record.topic, span(record), decided).await
    }

    async fn decide(&self, record: &Record, undecided: &mut Undecided<H::Effect>) -> Outcome {
        match record.envelope() {
            Ok(event) => match self.handle_with_patience(&event, undecided).await {
                Ok(outcome) => outcome,
                Err(reason) => self.park(record, reason).await,
            },
            Err(error) => self.park(record, format!("{:#}", anyhow::Error::from(error))).await,
        }
    }

    /// Tries until it worked, or until the event itself must be to blame; then says why.
    async fn handle_with_patience(
        &self,
        event: &Envelope,
        undecided: &mut Undecided<H::Effect>,
    ) -> Result<Outcome, String> {
        let (mut failures, mut pauses) = (0, pauses());
        let mut outage = Outage::of("consumer");
        loop {
            let error = match deadline::of_step(self.handle_once(event, undecided)).await {
                Ok(outcome) => {
                    outage.is_over();
                    return Ok(outcome);
                }
                Err(HandlerError::Poison(reason)) => return Err(reason),
                #[cfg(feature = "planted-swallowed-consumer-error")]
                Err(HandlerError::Failed(error) | HandlerError::Unavailable(error))
                    if failures == 0 =>
                {
                    tracing::warn!(error = format!("{error:#}"), "event not handled");
                    return Ok(Outcome::Handled);
                }
                Err(HandlerError::Failed(error)) if failures + 1 == MAX_ATTEMPTS => {
                    return Err(format!("{error:#}"));
                }
                Err(HandlerError::Failed(error)) => {
                    failures += 1;
                    error
                }
                Err(HandlerError::Unavailable(error)) => error,
            };
            outage.failed(&error);
            tokio::time::sleep(pauses.next().unwrap_or(MAX_BACKOFF)).await;
        }
    }

    /// Claim and effect in one transaction.
    async fn handle_once(
        &self,
        event: &Envelope,
        undecided: &mut Undecided<H::Effect>,
    ) -> Result<Outcome, HandlerError> {
        let mut transaction = self.database.begin().await?;
        let claimed = claims::take(&mut transaction, self.consumer, &[event.id]).await?;
        #[cfg(feature = "planted-inbox-outside-tx")]
        let mut transaction = {
            transaction.commit().await?;
            self.database.begin().await?
        };
        if !claimed.is_empty() {
            let effect = self.effect_of(&mut transaction, event).await?;
            undecided.insert(event.id, effect);
            transaction.commit().await?;
        }
        Ok(self.claimed(event, undecided.remove(&event.id)))
    }

    /// What became of an event that is claimed for good: its effect is ours, unless it was made before.
    fn claimed(&self, event: &Envelope, ours: Option<H::Effect>) -> Outcome {
        if let Some(effect) = ours {
            self.handler.committed(vec![effect]);
            note_handled(event);
            Outcome::Handled
        } else {
            tracing::debug!(event_id = %event.id, "event was handled before");
            Outcome::Duplicate
        }
    }

    /// Makes the effect of an event that is claimed. A panic is an attempt that failed; it must not end the consumer.
    pub(super) async fn effect_of(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> Result<H::Effect, HandlerError> {
        failpoint::hit("inbox.claimed");
        let handled = AssertUnwindSafe(self.handler.handle(transaction, event)).catch_unwind();
        handled
            .await
            .unwrap_or_else(|_| Err(HandlerError::Failed(anyhow::anyhow!("the handler panicked"))))
    }

    /// Parks a record with its reason. Does not give up: a record that is neither handled nor parked would be lost.
    async fn park(&self, record: &Record, reason: String) -> Outcome {
        let parked = dead_letter::of(record, self.consumer, &reason);
        let mut pauses = pauses();
        while let Err(error) = self.producer.send(&parked).await.context("cannot park the event") {
            tracing::warn!(error = format!("{error:#}"), "trying again");
            tokio::time::sleep(pauses.next().unwrap_or(MAX_BACKOFF)).await;
        }
        tracing::error!(reason, topic = parked.topic, "event parked");
        self.parked.get_or_create(&[("topic", record.topic.clone())]).inc();
        Outcome::Parked(reason)
    }
}

/// The span in which a record is handled.
pub(super) fn span(record: &Record) -> Span {
    tracing::info_span!(
        "process",
        otel.name = format!("process {}", record.topic),
        otel.kind = "consumer",
        messaging.system = "kafka",
        messaging.destination.name = record.topic,
        event_type = record.headers.get("ce_type").map(String::as_str),
    )
}

/// Said once the effect is committed.
pub(super) fn note_handled(event: &Envelope) {
    tracing::info!(event_id = %event.id, event_type = event.event.event_type(), "event handled");
}

fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(MIN_BACKOFF)
        .with_max_delay(MAX_BACKOFF)
        .without_max_times()
        .with_jitter()
        .build()
}
