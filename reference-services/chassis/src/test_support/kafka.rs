//! Kafka as librdkafka's own broker speaks it: the real protocol, in memory, without a JVM. One per test: a real broker with the
//! topics of hundreds of tests answers too late on two cores. `Fixture::secured` and the stack speak to a real one.

use std::{
    sync::{OnceLock, mpsc},
    time::Duration,
};

use anyhow::Context as _;
use ecotrack_events::{Envelope, Event, Topic};
use ecotrack_servers::{PARTITIONS, Shared, Topics};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
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

/// One test's Kafka.
pub struct Kafka {
    /// Addresses of the broker.
    pub brokers: String,
    /// What the names of the test's topics and groups begin with.
    pub prefix: String,
    producer: OnceLock<Producer>,
    // A broker of its own lives in its thread until this is dropped.
    _alive: Option<mpsc::Sender<()>>,
}

impl Kafka {
    /// The platform's topics, for one test, in the Kafka that is there for all.
    pub async fn of_run() -> anyhow::Result<Self> {
        let (brokers, prefix) = (Shared::find().await?.kafka.clone(), new_prefix());
        Topics::at(&brokers)?.make(&Topics::of_platform(&prefix)).await?;
        Ok(Self { brokers, prefix, producer: OnceLock::new(), _alive: None })
    }

    /// Starts a broker with the platform's topics.
    pub fn start() -> anyhow::Result<Self> {
        let prefix = new_prefix();
        let (said, heard) = mpsc::channel();
        let (alive, gone) = mpsc::channel::<()>();
        let of_test = prefix.clone();
        std::thread::spawn(move || {
            match broker(&of_test) {
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
        Ok(Self { brokers: heard.recv()??, prefix, producer: OnceLock::new(), _alive: Some(alive) })
    }

    /// A producer past the service.
    pub fn producer(&self) -> anyhow::Result<Producer> {
        if let Some(producer) = self.producer.get() {
            return Ok(producer.clone());
        }
        let producer = Producer::new(&self.settings())?;
        Ok(self.producer.get_or_init(|| producer).clone())
    }

    /// How the tested service reaches the broker.
    #[must_use]
    pub fn settings(&self) -> KafkaSettings {
        KafkaSettings {
            brokers: self.brokers.clone(),
            service: "test",
            prefix: self.prefix.clone(),
            security: None,
        }
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
                let record = Record::of_message(&consumer.recv().await?, &self.prefix);
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

    /// Publishes an event with one field spoiled, and returns it as a consumer parks it.
    pub async fn await_parked(
        &self,
        envelope: &Envelope,
        field: &str,
        spoiled: Value,
    ) -> anyhow::Result<Record> {
        let mut record = Record::of_event(envelope, Headers::new())?;
        let mut payload: Value = serde_json::from_slice(&record.payload)?;
        payload[field] = spoiled;
        record.payload = payload.to_string().into_bytes();
        self.producer()?.send(&record).await.context("cannot publish")?;
        let is_it = |parked: &Record| parked.key == record.key;
        self.await_record(&format!("{}.dlt", record.topic), is_it).await
    }

    /// Reads all partitions from their beginning, in no group: nobody waits for a rebalance.
    fn reader(&self, topic: &str) -> anyhow::Result<StreamConsumer> {
        let consumer: StreamConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            // The client wants the name of a group also where it joins none.
            .set("group.id", format!("{}reader", self.prefix))
            .set("enable.auto.commit", "false")
            .create()?;
        let (topic, mut partitions) =
            (format!("{}{topic}", self.prefix), TopicPartitionList::new());
        for partition in 0..PARTITIONS {
            partitions.add_partition_offset(&topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&partitions)?;
        Ok(consumer)
    }
}

fn new_prefix() -> String {
    format!("{}.", Uuid::new_v4().simple())
}

fn broker(prefix: &str) -> KafkaResult<MockCluster<'static, DefaultProducerContext>> {
    let cluster = MockCluster::new(1)?;
    for topic in Topics::of_platform(prefix) {
        cluster.create_topic(&topic, PARTITIONS, 1)?;
    }
    Ok(cluster)
}
