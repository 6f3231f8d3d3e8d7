//! A broker that speaks Kafka's own protocol, in memory.

use std::sync::mpsc;
use std::time::Duration;

use ecotrack_invariants::contract::Consumers;
use ecotrack_invariants::source::kafka::KafkaSource;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};

const PARTITIONS: i32 = 3;
const WITHIN: Duration = Duration::from_secs(20);

/// A broker with the services' topics.
pub(crate) struct Broker {
    pub(crate) source: KafkaSource,
    // It lives in its thread until this is dropped.
    _alive: mpsc::Sender<()>,
}

impl Broker {
    pub(crate) fn start() -> Self {
        let (said, heard) = mpsc::channel();
        let (alive, gone) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            let cluster = MockCluster::new(1).unwrap();
            for topic in Consumers::registered().unwrap().all_topics() {
                cluster.create_topic(&topic, PARTITIONS, 1).unwrap();
            }
            said.send(cluster.bootstrap_servers()).unwrap();
            // Ends when the test drops its half.
            gone.recv().ok();
        });
        let source = KafkaSource { brokers: heard.recv().unwrap(), login: None };
        Self { source, _alive: alive }
    }

    /// Produces a record; answers with its partition and offset.
    pub(crate) async fn produce(
        &self,
        topic: &str,
        key: &str,
        headers: &[(&str, &str)],
        payload: &[u8],
    ) -> (i32, i64) {
        let producer: FutureProducer = self.config().create().unwrap();
        let mut owned = OwnedHeaders::new();
        for (key, value) in headers {
            owned = owned.insert(Header { key, value: Some(*value) });
        }
        let record = FutureRecord::to(topic).key(key).payload(payload).headers(owned);
        let delivery = producer.send(record, WITHIN).await.unwrap();
        (delivery.partition, delivery.offset)
    }

    /// Commits an offset for a group.
    pub(crate) async fn commit(&self, group: &str, topic: &str, partition: i32, offset: i64) {
        let mut config = self.config();
        config.set("group.id", group);
        let (topic, group) = (topic.to_owned(), config);
        tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer = group.create().unwrap();
            let mut offsets = TopicPartitionList::new();
            offsets.add_partition_offset(&topic, partition, Offset::Offset(offset)).unwrap();
            consumer.commit(&offsets, CommitMode::Sync).unwrap();
        })
        .await
        .unwrap();
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.source.brokers);
        config
    }
}
