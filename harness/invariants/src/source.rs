//! Where the world is asked: an adapter for each place, each to plain values of [`crate::observed`].

pub mod kafka;
pub mod ledger;
pub mod logs;
pub mod postgres;
pub mod replica;
pub mod traces;

use std::path::PathBuf;
use std::time::Duration;

use chrono::Utc;
use sqlx::PgPool;
use url::Url;

use crate::contract::Consumers;
use crate::drain::{Rest, lags};
use crate::journal::{Operation, Outcome};
use crate::observed::{Database, Kafka, Observed, Telemetry};
use crate::patience::Patience;
use kafka::KafkaSource;

/// How long reading may take until two looks agree. Much is read slowly.
pub const STEADY_WITHIN: Duration = Duration::from_mins(2);

/// All places that are asked.
pub struct Sources {
    /// The services' database.
    pub database: PgPool,
    /// Kafka.
    pub kafka: KafkaSource,
    /// The provider.
    pub ledger: Url,
    /// A read replica, if there is one.
    pub replica: Option<PgPool>,
    /// Jaeger's query API, if traces are to be looked for.
    pub traces: Option<Url>,
    /// Files and folders of JSON log lines.
    pub logs: Vec<PathBuf>,
    /// Who consumes what.
    pub consumers: Consumers,
    /// How long reading is repeated until nothing changes meanwhile, usually [`STEADY_WITHIN`].
    pub steady_within: Duration,
}

impl Sources {
    /// What is still under way, in sentences.
    pub async fn unfinished(&self) -> anyhow::Result<Vec<String>> {
        let mut left = postgres::unfinished(&self.database).await?;
        left.extend(lags(
            &self.kafka.positions(&self.consumers).await?,
            self.consumers.subscriptions(),
        ));
        Ok(left)
    }

    /// Reads everything. Records and rows are of one moment: reading is repeated until the topics end, after the rows were read,
    /// where they ended before. If they never do, somebody is still at work, and `rest` says so from then on.
    pub async fn observe(
        &self,
        operations: &[Operation],
        rest: &mut Rest,
    ) -> anyhow::Result<Observed> {
        let (database, kafka) = self.read_at_rest(rest).await?;
        Ok(Observed {
            at: Utc::now(),
            database,
            kafka,
            ledger: ledger::read(&self.ledger).await?,
            telemetry: self.telemetry(operations).await?,
            replica: replica::lag(self.replica.as_ref()).await?,
        })
    }

    async fn read_at_rest(&self, rest: &mut Rest) -> anyhow::Result<(Database, Kafka)> {
        let mut patience = Patience::new(self.steady_within);
        loop {
            let kafka = self.kafka.read(&self.consumers).await?;
            let database = postgres::read(&self.database).await?;
            let after = self.kafka.positions(&self.consumers).await?;
            let is_settled = database.outbox.iter().all(|row| row.is_sent);
            // What did not come to rest before will hardly stand still now.
            if (is_settled && is_same(&kafka, &after)) || !rest.is_reached() {
                return Ok((database, kafka));
            }
            if !patience.pause().await {
                rest.left.push("rows and records that changed while they were read".to_owned());
            }
        }
    }

    async fn telemetry(&self, operations: &[Operation]) -> anyhow::Result<Option<Telemetry>> {
        let Some(traces) = self.traces.as_ref().filter(|_| !self.logs.is_empty()) else {
            return Ok(None);
        };
        let acknowledged = operations.iter().filter(|operation| operation.outcome() == Outcome::Ok);
        let ids: Vec<&str> =
            acknowledged.filter_map(|operation| operation.request.trace_id.as_deref()).collect();
        Ok(Some(Telemetry {
            traces: traces::find(traces, &ids).await?,
            log_lines: logs::count(&self.logs, &ids)?,
        }))
    }
}

fn is_same(before: &Kafka, after: &Kafka) -> bool {
    before.logs == after.logs && before.offsets == after.offsets
}
