//! The consumer: takes records in order, and commits an offset only after the record's fate is durable.

use std::time::Duration;

use anyhow::Context as _;
use ecotrack_events::Topic;
use rdkafka::consumer::{CommitMode, Consumer as _, StreamConsumer};
use tokio_util::sync::CancellationToken;

use super::{Handler, Processor};
use crate::{
    failpoint,
    kafka::{KafkaSettings, Record},
    workers::Workers,
};

/// Pause after an error of the consumer, which tends to be the same one a moment later.
const PAUSE: Duration = Duration::from_secs(1);
/// A consumer that was killed keeps its partitions until its session ends: its successor waits that long. librdkafka's own figure is 45 s.
const SESSION: Duration = Duration::from_secs(10);
/// A third of the session, as the protocol's documentation advises: two may be lost.
const HEARTBEAT: Duration = Duration::from_secs(3);

/// Consumes topics in the service's group.
pub struct Consumer<H> {
    stream: StreamConsumer,
    processor: Processor<H>,
}

impl<H: Handler> Consumer<H> {
    /// Subscribes. Kafka need not be there yet.
    pub fn new(
        settings: &KafkaSettings,
        topics: &[Topic],
        processor: Processor<H>,
    ) -> anyhow::Result<Self> {
        let stream: StreamConsumer = settings
            .client()?
            .set("group.id", settings.service)
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", SESSION.as_millis().to_string())
            .set("heartbeat.interval.ms", HEARTBEAT.as_millis().to_string())
            .create()
            .context("cannot make the kafka consumer")?;
        let names: Vec<_> = topics.iter().map(|topic| topic.name()).collect();
        stream.subscribe(&names).context("cannot subscribe")?;
        Ok(Self { stream, processor })
    }

    pub(crate) fn start(self, workers: &Workers) {
        workers.spawn("consumer", |stop| async move {
            self.run(&stop).await;
            Ok(())
        });
    }

    async fn run(&self, stop: &CancellationToken) {
        // An event being handled when the service stops is rolled back and delivered again.
        while stop.run_until_cancelled(self.step()).await.is_some() {}
    }

    /// Waits for one record and settles it.
    pub async fn step(&self) {
        let message = match self.stream.recv().await {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(%error, "kafka has no record for us");
                tokio::time::sleep(PAUSE).await;
                return;
            }
        };
        #[cfg(feature = "planted-offset-before-effect")]
        self.stream.commit_message(&message, CommitMode::Sync).ok();
        self.processor.process(&Record::of_message(&message)).await;
        failpoint::hit("consumer.handled");
        if let Err(error) = self.stream.commit_message(&message, CommitMode::Async) {
            tracing::warn!(%error, "the offset was not committed; the record will come again");
        }
    }
}
