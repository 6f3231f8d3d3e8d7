//! The topics from their beginning to where they end now, and what consumer groups committed. No group is joined and no offset
//! is committed: nobody notices that they are read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset as Position, TopicPartitionList};

use crate::contract::Consumers;
use crate::observed::{Kafka, Log, Offset, Payload, Record};

/// Longest one question may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Longest a topic may be silent before its end is reached.
const SILENCE: Duration = Duration::from_secs(20);
/// The reader's own name; it never becomes a group.
const READER: &str = "ecotrack-invariants";

/// How to reach Kafka.
#[derive(Debug, Clone)]
pub struct KafkaSource {
    /// Addresses, separated by commas.
    pub brokers: String,
    /// Whom to log in as; nobody where Kafka is in the clear.
    pub login: Option<KafkaLogin>,
}

/// `SASL_SSL` with SCRAM-SHA-512.
#[derive(Debug, Clone)]
pub struct KafkaLogin {
    /// Name.
    pub username: String,
    /// File that holds the password.
    pub password_file: PathBuf,
    /// Certificate authority of the brokers.
    pub ca_file: PathBuf,
}

impl KafkaSource {
    /// Ends of partitions and committed offsets, without records.
    pub async fn positions(&self, consumers: &Consumers) -> anyhow::Result<Kafka> {
        let (source, consumers) = (self.clone(), consumers.clone());
        tokio::task::spawn_blocking(move || source.positions_now(&consumers)).await?
    }

    /// Everything.
    pub async fn read(&self, consumers: &Consumers) -> anyhow::Result<Kafka> {
        let (source, consumers) = (self.clone(), consumers.clone());
        tokio::task::spawn_blocking(move || source.read_now(&consumers)).await?
    }

    fn read_now(&self, consumers: &Consumers) -> anyhow::Result<Kafka> {
        let mut kafka = self.positions_now(consumers)?;
        for topic in consumers.all_topics() {
            let logs: Vec<&Log> = kafka.logs.iter().filter(|log| log.topic == topic).collect();
            let records = self
                .records(&topic, &logs)
                .with_context(|| format!("cannot read the topic {topic}"))?;
            kafka.records.extend(records);
        }
        Ok(kafka)
    }

    fn positions_now(&self, consumers: &Consumers) -> anyhow::Result<Kafka> {
        let reader = self.consumer(READER)?;
        let mut kafka = Kafka::default();
        for topic in consumers.all_topics() {
            kafka.logs.extend(
                logs(&reader, &topic)
                    .with_context(|| format!("cannot find the ends of {topic}"))?,
            );
        }
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (consumer, topic) in consumers.subscriptions() {
            groups.entry(consumer).or_default().push(topic);
        }
        for (group, topics) in groups {
            let offsets = self.committed(group, &topics, &kafka.logs);
            kafka
                .offsets
                .extend(offsets.with_context(|| format!("cannot find how far {group} is"))?);
        }
        Ok(kafka)
    }

    fn committed(&self, group: &str, topics: &[&str], logs: &[Log]) -> anyhow::Result<Vec<Offset>> {
        let mut partitions = TopicPartitionList::new();
        for log in logs.iter().filter(|log| topics.contains(&log.topic.as_str())) {
            partitions.add_partition(&log.topic, log.partition);
        }
        let found = self.consumer(group)?.committed_offsets(partitions, ANSWER_WITHIN)?;
        let mut offsets = Vec::new();
        for element in found.elements() {
            element.error()?;
            if let Position::Offset(committed) = element.offset() {
                let (topic, partition) = (element.topic().to_owned(), element.partition());
                offsets.push(Offset { group: group.to_owned(), topic, partition, committed });
            }
        }
        Ok(offsets)
    }

    fn records(&self, topic: &str, logs: &[&Log]) -> anyhow::Result<Vec<Record>> {
        let mut open: BTreeMap<i32, i64> = logs
            .iter()
            .filter(|log| log.low < log.high)
            .map(|log| (log.partition, log.high))
            .collect();
        let mut assignment = TopicPartitionList::new();
        for partition in open.keys() {
            assignment.add_partition_offset(topic, *partition, Position::Beginning)?;
        }
        let reader = self.consumer(READER)?;
        reader.assign(&assignment)?;
        let mut records = Vec::new();
        while !open.is_empty() {
            match reader
                .poll(SILENCE)
                .with_context(|| format!("nothing came, and {open:?} is not reached"))?
            {
                Ok(message) => {
                    let record = record(&message);
                    let high = open.get(&record.partition).copied().unwrap_or_default();
                    // What came after the ends were looked up belongs to the next look.
                    if record.offset + 1 >= high {
                        open.remove(&record.partition);
                    }
                    if record.offset < high {
                        records.push(record);
                    }
                }
                // Where the last records of a partition were compacted away, its end comes without them.
                Err(KafkaError::PartitionEOF(partition)) => {
                    open.remove(&partition);
                }
                Err(error) => return Err(error.into()),
            }
        }
        records.sort_by_key(|record| (record.partition, record.offset));
        Ok(records)
    }

    fn consumer(&self, group: &str) -> anyhow::Result<BaseConsumer> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", READER)
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_committed")
            .set("allow.auto.create.topics", "false");
        if let Some(login) = &self.login {
            login.apply(&mut config)?;
        }
        config.create().context("cannot make a Kafka client")
    }
}

impl KafkaLogin {
    fn apply(&self, config: &mut ClientConfig) -> anyhow::Result<()> {
        let file = self.password_file.display();
        let password = std::fs::read_to_string(&self.password_file)
            .with_context(|| format!("cannot read {file}"))?;
        let ca_file =
            self.ca_file.to_str().context("the path of the certificate authority is not text")?;
        config
            .set("security.protocol", "SASL_SSL")
            .set("sasl.mechanism", "SCRAM-SHA-512")
            .set("sasl.username", &self.username)
            .set("sasl.password", password.trim_end())
            .set("ssl.ca.location", ca_file);
        Ok(())
    }
}

fn logs(reader: &BaseConsumer, topic: &str) -> anyhow::Result<Vec<Log>> {
    let metadata = reader.fetch_metadata(Some(topic), ANSWER_WITHIN)?;
    let partitions: Vec<i32> = metadata
        .topics()
        .iter()
        .filter(|found| found.name() == topic && found.error().is_none())
        .flat_map(|found| found.partitions().iter().map(rdkafka::metadata::MetadataPartition::id))
        .collect();
    ensure!(!partitions.is_empty(), "there is no topic {topic}");
    let log = |partition| {
        let (low, high) = reader.fetch_watermarks(topic, partition, ANSWER_WITHIN)?;
        Ok(Log { topic: topic.to_owned(), partition, low, high })
    };
    partitions.into_iter().map(log).collect()
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
    Record {
        topic: message.topic().to_owned(),
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().and_then(text),
        headers: headers
            .filter_map(|header| Some((header.key.to_owned(), text(header.value?)?)))
            .collect(),
        payload: Payload::of(message.payload().unwrap_or_default()),
    }
}
