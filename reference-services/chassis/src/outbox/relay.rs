//! The relay: reads pending rows in order, produces them, marks them sent.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
use sqlx::{PgConnection, types::Json};
use tokio::{sync::Notify, time::Instant};

use super::Outbox;
use crate::{
    failpoint,
    kafka::{Headers, Producer, Record},
    postgres::Database,
    workers::{Progress, Workers},
};

/// Rows of one step.
const BATCH: i64 = 500;
/// How often the relay looks without having been woken: for rows of a replica that ended before it sent them.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Names the relay's advisory lock within a schema.
const LOCK_NAME: &str = "outbox-relay";
/// How often pending rows are counted: a count reads all of them, and a backlog is when there is no time for that.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);

/// Carries rows to Kafka.
pub struct Relay {
    database: Database,
    producer: Producer,
    committed: Arc<Notify>,
    pending: Gauge,
    counted_at: Mutex<Option<Instant>>,
    #[cfg(feature = "planted-relay-by-position")]
    position: std::sync::atomic::AtomicI64,
}

impl Relay {
    /// A relay for an outbox.
    pub fn new(
        database: Database,
        producer: Producer,
        outbox: &Outbox,
        registry: &mut Registry,
    ) -> Self {
        let pending = Gauge::default();
        registry.register(
            "outbox_pending_events",
            "Committed events that are not yet published",
            pending.clone(),
        );
        Self {
            database,
            producer,
            committed: outbox.committed(),
            pending,
            counted_at: Mutex::default(),
            #[cfg(feature = "planted-relay-by-position")]
            position: std::sync::atomic::AtomicI64::default(),
        }
    }

    pub(crate) fn start(self, workers: &Workers) {
        let (committed, relay) = (Arc::clone(&self.committed), Arc::new(self));
        let woken = move || {
            let committed = Arc::clone(&committed);
            async move { tokio::time::timeout(POLL_INTERVAL, committed.notified()).await }
        };
        workers.repeat_after("outbox-relay", woken, move || {
            let relay = Arc::clone(&relay);
            async move { relay.step().await }
        });
    }

    /// Publishes one batch.
    ///
    /// One relay at a time per schema: two would reorder the events of an aggregate. What was produced but not
    /// marked is produced again; consumers know it by its id.
    pub async fn step(&self) -> anyhow::Result<Progress> {
        let mut transaction =
            self.database.begin().await.context("no connection for the outbox")?;
        if self.is_count_due() {
            self.pending.set(count_pending(&mut transaction).await?);
        }
        if !is_only_relay(&mut transaction).await? {
            return Ok(Progress::Idle);
        }
        let rows = fetch_pending(&mut transaction).await?;
        #[cfg(feature = "planted-relay-by-position")]
        let rows = self.beyond_position(rows);
        let (positions, records): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        failpoint::hit("outbox.read");
        #[cfg(feature = "planted-mark-before-ack")]
        let mut transaction = self.mark_unsent(transaction, &positions).await?;
        let (acknowledged, failure) = self.producer.send_all(&records).await;
        if acknowledged > 0 {
            failpoint::hit("outbox.acknowledged");
        }
        let sent = positions.get(..acknowledged).unwrap_or_default();
        mark_sent(&mut transaction, sent).await?;
        transaction.commit().await.context("cannot mark events as sent")?;
        let left = self.pending.get().saturating_sub(i64::try_from(acknowledged)?);
        self.pending.set(left.max(0));
        match failure {
            Some(error) => Err(error.into()),
            None if records.is_empty() => Ok(Progress::Idle),
            None => Ok(Progress::Worked),
        }
    }

    fn is_count_due(&self) -> bool {
        let mut counted_at = self.counted_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = counted_at.is_none_or(|at| at.elapsed() >= COUNT_INTERVAL);
        if is_due {
            *counted_at = Some(Instant::now());
        }
        is_due
    }

    /// Planted bug: rows count as sent before Kafka has them.
    #[cfg(feature = "planted-mark-before-ack")]
    async fn mark_unsent(
        &self,
        mut transaction: sqlx::Transaction<'static, sqlx::Postgres>,
        positions: &[i64],
    ) -> anyhow::Result<sqlx::Transaction<'static, sqlx::Postgres>> {
        mark_sent(&mut transaction, positions).await?;
        transaction.commit().await?;
        Ok(self.database.begin().await?)
    }

    /// Planted bug: positions are taken for the order of commits, so what commits late is never sent.
    #[cfg(feature = "planted-relay-by-position")]
    fn beyond_position(&self, rows: Vec<(i64, Record)>) -> Vec<(i64, Record)> {
        use std::sync::atomic::Ordering;
        let seen = self.position.load(Ordering::Relaxed);
        let rows: Vec<_> = rows.into_iter().filter(|(position, _)| *position > seen).collect();
        self.position.fetch_max(rows.last().map_or(0, |row| row.0), Ordering::Relaxed);
        rows
    }
}

async fn count_pending(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from outbox where sent_at is null")
        .fetch_one(connection)
        .await
}

async fn is_only_relay(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select pg_try_advisory_xact_lock(hashtextextended(current_schema() || $1, 0))",
    )
    .bind(LOCK_NAME)
    .fetch_one(connection)
    .await
}

type Row = (i64, String, String, Json<Headers>, Vec<u8>);

async fn fetch_pending(connection: &mut PgConnection) -> Result<Vec<(i64, Record)>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "select position, topic, key, headers, payload from outbox \
         where sent_at is null order by position limit $1",
    )
    .bind(BATCH)
    .fetch_all(connection)
    .await?;
    let record = |(position, topic, key, Json(headers), payload)| {
        (position, Record { topic, key, headers, payload })
    };
    Ok(rows.into_iter().map(record).collect())
}

async fn mark_sent(connection: &mut PgConnection, positions: &[i64]) -> Result<(), sqlx::Error> {
    sqlx::query("update outbox set sent_at = now() where position = any($1)")
        .bind(positions)
        .execute(connection)
        .await
        .map(drop)
}
