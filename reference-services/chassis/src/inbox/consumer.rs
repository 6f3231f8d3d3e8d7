//! The consumer: takes records in order, and commits offsets only after the fate of their records is durable.

use std::time::Duration;

use anyhow::Context as _;
use ecotrack_events::Topic;
use futures::FutureExt as _;
use rdkafka::{
    consumer::{CommitMode, Consumer as _, StreamConsumer},
    error::KafkaResult,
    message::BorrowedMessage,
};
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
/// Fetched records that may wait in the client, in kilobytes. librdkafka's own figure is 64 MiB.
const WAITING_KILOBYTES: u32 = 8 * 1024;
/// Most records that are handled together, so that nobody waits long for what they lock.
const MOST_RECORDS: usize = if IS_ONE_BY_ONE { 1 } else { 64 };
/// Most bytes of them.
const MOST_BYTES: usize = 1024 * 1024;
/// These planted bugs are in the way records are handled one by one.
const IS_ONE_BY_ONE: bool =
    cfg!(any(feature = "planted-inbox-outside-tx", feature = "planted-swallowed-consumer-error"));

/// Consumes topics in the service's group.
pub struct Consumer<H> {
    stream: StreamConsumer,
    prefix: String,
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
            .set("group.id", settings.named(settings.service))
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", SESSION.as_millis().to_string())
            .set("heartbeat.interval.ms", HEARTBEAT.as_millis().to_string())
            .set("queued.max.messages.kbytes", WAITING_KILOBYTES.to_string())
            .create()
            .context("cannot make the kafka consumer")?;
        let names: Vec<_> = topics.iter().map(|topic| settings.named(topic.name())).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        stream.subscribe(&names).context("cannot subscribe")?;
        Ok(Self { stream, prefix: settings.prefix.clone(), processor })
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

    /// Waits for records and settles those that are there.
    pub async fn step(&self) {
        let messages = match self.receive().await {
            Ok(messages) => messages,
            Err(error) => {
                tracing::warn!(%error, "kafka has no record for us");
                tokio::time::sleep(PAUSE).await;
                return;
            }
        };
        #[cfg(feature = "planted-offset-before-effect")]
        self.commit(&messages, CommitMode::Sync);
        let records: Vec<_> =
            messages.iter().map(|message| Record::of_message(message, &self.prefix)).collect();
        self.processor.process_all(&records).await;
        failpoint::hit("consumer.handled");
        self.commit(&messages, CommitMode::Async);
    }

    /// Waits for a record, and takes along what lies ready behind it.
    async fn receive(&self) -> KafkaResult<Vec<BorrowedMessage<'_>>> {
        let first = self.stream.recv().await?;
        let mut bytes = first.payload_len();
        let mut messages = vec![first];
        while messages.len() < MOST_RECORDS && bytes < MOST_BYTES {
            match self.stream.recv().now_or_never() {
                Some(Ok(next)) => {
                    bytes += next.payload_len();
                    messages.push(next);
                }
                Some(Err(error)) => {
                    tracing::warn!(%error, "kafka has no more records for us");
                    break;
                }
                None => break,
            }
        }
        Ok(messages)
    }

    /// Notes for each partition how far it is handled, and lets the broker know. Whoever lost a partition meanwhile has no say in
    /// it any more; its new consumer finds the claims.
    fn commit(&self, messages: &[BorrowedMessage<'_>], mode: CommitMode) {
        for message in messages {
            if let Err(error) = self.stream.store_offset_from_message(message) {
                tracing::debug!(%error, "the partition is somebody else's");
            }
        }
        if let Err(error) = self.stream.commit_consumer_state(mode) {
            tracing::warn!(%error, "offsets were not committed; their records will come again");
        }
    }
}
