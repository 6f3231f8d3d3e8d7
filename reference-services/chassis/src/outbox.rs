//! The outbox: an event is a row written with the state it reports, and a relay carries rows to Kafka.
//!
//! At least once on the wire, in order per aggregate. A service's migrations make the table; see [`MIGRATION`].

mod prune;
mod relay;

use std::sync::Arc;

use ecotrack_events::{Envelope, Event};
use sqlx::{PgConnection, Postgres, Transaction, types::Json};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    kafka::{Headers, Record},
    telemetry::propagation,
};

pub use prune::{KEEPS, prune};
pub use relay::Relay;

/// The table, to be copied into a service's first migration. A test compares.
pub const MIGRATION: &str = include_str!("outbox/outbox.sql");

/// Writes events.
#[derive(Clone)]
pub struct Outbox {
    source: &'static str,
    committed: Arc<Notify>,
    #[cfg(feature = "planted-dual-write")]
    producer: Arc<std::sync::OnceLock<crate::kafka::Producer>>,
}

impl Outbox {
    /// An outbox for the events of a service. [`crate::Chassis::outbox`] makes one with its relay running.
    #[must_use]
    pub fn new(source: &'static str) -> Self {
        Self {
            source,
            committed: Arc::default(),
            #[cfg(feature = "planted-dual-write")]
            producer: Arc::default(),
        }
    }

    /// Planted bug: events go to Kafka beside the transaction instead of through it.
    #[cfg(feature = "planted-dual-write")]
    pub(crate) fn send_directly(&self, producer: crate::kafka::Producer) {
        self.producer.set(producer).ok();
    }

    /// Writes an event in the caller's transaction, with the trace it belongs to.
    pub async fn append(
        &self,
        connection: &mut PgConnection,
        event: impl Into<Event>,
    ) -> Result<(), sqlx::Error> {
        let (id, record) = self.record(event, propagation::outgoing())?;
        #[cfg(feature = "planted-dual-write")]
        if let Some(producer) = self.producer.get().cloned() {
            tokio::spawn(async move { producer.send(&record).await });
            return Ok(());
        }
        sqlx::query("insert into outbox (event_id, topic, key, headers, payload) values ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(record.topic)
            .bind(record.key)
            .bind(Json(record.headers))
            .bind(record.payload)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Writes events in the caller's transaction in one statement, which is worth it where there may be thousands.
    pub async fn append_all<E: Into<Event>>(
        &self,
        connection: &mut PgConnection,
        events: impl IntoIterator<Item = E>,
    ) -> Result<(), sqlx::Error> {
        let context = propagation::outgoing();
        let (mut ids, mut topics, mut keys, mut headers, mut payloads) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for event in events {
            let (id, record) = self.record(event, context.clone())?;
            #[cfg(feature = "planted-dual-write")]
            if let Some(producer) = self.producer.get().cloned() {
                tokio::spawn(async move { producer.send(&record).await });
                continue;
            }
            ids.push(id);
            topics.push(record.topic);
            keys.push(record.key);
            headers.push(Json(record.headers));
            payloads.push(record.payload);
        }
        if ids.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "insert into outbox (event_id, topic, key, headers, payload) \
             select * from unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::bytea[])",
        )
        .bind(ids)
        .bind(topics)
        .bind(keys)
        .bind(headers)
        .bind(payloads)
        .execute(connection)
        .await
        .map(drop)
    }

    fn record(
        &self,
        event: impl Into<Event>,
        context: Headers,
    ) -> Result<(Uuid, Record), sqlx::Error> {
        let envelope = Envelope::new(self.source, event);
        let record = Record::of_event(&envelope, context)
            .map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        Ok((envelope.id, record))
    }

    /// Commits and lets the relay know, so that events leave at once and not with its next look.
    pub async fn commit(&self, transaction: Transaction<'_, Postgres>) -> Result<(), sqlx::Error> {
        transaction.commit().await?;
        self.wake();
        Ok(())
    }

    /// Lets the relay know that something was committed.
    pub fn wake(&self) {
        self.committed.notify_one();
    }

    pub(crate) fn committed(&self) -> Arc<Notify> {
        Arc::clone(&self.committed)
    }
}
