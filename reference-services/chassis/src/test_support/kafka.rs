//! Kafka as librdkafka's own broker speaks it: the real protocol, in memory, without a JVM. One per test.

use std::{sync::mpsc, time::Duration};

use anyhow::Context as _;
use ecotrack_events::{Envelope, Event, Topic};
use rdkafka::{
    ClientConfig,
    consumer::{Consumer as _, StreamConsumer},
    error::KafkaResult,
    mocking::MockCluster,
    producer::DefaultProducerContext,
};
use serde_json::Value;
use uuid::Uuid;

use crate::kafka::{Headers, KafkaSettings, Producer, Record};

/// Longest a record may take to arrive.
const DEADLINE: Duration = Duration::from_secs(20);

/// Partitions of a topic, as the platform makes them.
const PARTITIONS: i32 = 3;

/// A broker.
pub struct Kafka {
    /// Addresses of the broker.
    pub brokers: String,
    // The broker lives in its thread until this is dropped.
    _alive: mpsc::Sender<()>,
}

impl Kafka {
    /// Starts a broker.
    pub fn start() -> anyhow::Result<Self> {
        let (said, heard) = mpsc::channel();
        let (alive, gone) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            match broker() {
                Ok(cluster) => {
                    said.send(Ok(cluster.bootstrap_servers())).ok();
                    // Ends when the test drops its half.
                    gone.recv().ok();
                }
                Err(error) => {
                    said.send(Err(error)).ok();
                }
            }
        });
        Ok(Self { brokers: heard.recv()??, _alive: alive })
    }

    /// A producer past the service.
    pub fn producer(&self) -> anyhow::Result<Producer> {
        Producer::new(&self.settings())
    }

    /// How the tested service reaches the broker.
    #[must_use]
    pub fn settings(&self) -> KafkaSettings {
        KafkaSettings { brokers: self.brokers.clone(), service: "test", security: None }
    }

    /// The first record of a topic that is as wanted, from the topic's beginning.
    pub async fn await_record(
        &self,
        topic: &str,
        is_wanted: impl Fn(&Record) -> bool,
    ) -> anyhow::Result<Record> {
        let consumer = self.reader(topic)?;
        let search = async {
            loop {
                let record = Record::of_message(&consumer.recv().await?);
                if is_wanted(&record) {
                    return anyhow::Ok(record);
                }
            }
        };
        tokio::time::timeout(DEADLINE, search)
            .await
            .with_context(|| format!("no such record in {topic}"))?
    }

    /// The first event of a type about an aggregate.
    pub async fn await_event(
        &self,
        topic: Topic,
        event_type: &str,
        key: &str,
    ) -> anyhow::Result<Record> {
        let is_wanted = |record: &Record| {
            record.key == key
                && record.headers.get("ce_type").is_some_and(|found| found == event_type)
        };
        self.await_record(topic.name(), is_wanted)
            .await
            .with_context(|| format!("{event_type} of {key}"))
    }

    /// The payload of [`Kafka::await_event`].
    pub async fn await_payload(
        &self,
        topic: Topic,
        event_type: &str,
        key: &str,
    ) -> anyhow::Result<Value> {
        let record = self.await_event(topic, event_type, key).await?;
        Ok(serde_json::from_slice(&record.payload)?)
    }

    /// Publishes an event of another service.
    pub async fn publish(&self, source: &str, event: impl Into<Event>) -> anyhow::Result<()> {
        self.publish_envelope(&Envelope::new(source, event)).await
    }

    /// Publishes an event with its identity, to do so again.
    pub async fn publish_envelope(&self, envelope: &Envelope) -> anyhow::Result<()> {
        let record = Record::of_event(envelope, Headers::new())?;
        self.producer()?.send(&record).await.context("cannot publish")
    }

    fn reader(&self, topic: &str) -> anyhow::Result<StreamConsumer> {
        let consumer: StreamConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("group.id", Uuid::new_v4().to_string())
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .create()?;
        consumer.subscribe(&[topic])?;
        Ok(consumer)
    }
}

/// A broker with the platform's topics.
fn broker() -> KafkaResult<MockCluster<'static, DefaultProducerContext>> {
    let cluster = MockCluster::new(1)?;
    for topic in Topic::ALL {
        cluster.create_topic(topic.name(), PARTITIONS, 1)?;
        cluster.create_topic(&format!("{}.dlt", topic.name()), PARTITIONS, 1)?;
    }
    Ok(cluster)
}
