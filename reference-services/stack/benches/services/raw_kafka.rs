//! Kafka without anything of ours: one record produced, and consumed, at a time.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use ecotrack_stack::{Name, Stack, bench::latency::Latencies};
use rdkafka::{
    ClientConfig, Message as _,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{Consumer as _, StreamConsumer},
    producer::{FutureProducer, FutureRecord},
    types::RDKafkaErrorCode,
};

/// Where records of benchmarks go.
pub(crate) const TOPIC: &str = "bench";
/// As topics of the platform.
const PARTITIONS: i32 = 3;
/// About what the event of an order has.
const PAYLOAD: usize = 400;
const PATIENCE: Duration = Duration::from_secs(20);

/// A producer and a consumer.
pub(crate) struct RawKafka {
    producer: FutureProducer,
    consumer: StreamConsumer,
}

impl RawKafka {
    /// With the settings of services.
    pub(crate) async fn start(stack: &Stack) -> anyhow::Result<Self> {
        make_topic(stack).await?;
        let producer = client(stack)
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            .create()
            .context("cannot make a producer")?;
        let consumer: StreamConsumer = client(stack)
            .set("group.id", "bench")
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .create()
            .context("cannot make a consumer")?;
        consumer.subscribe(&[TOPIC])?;
        let raw = Self { producer, consumer };
        // The group comes together with the first.
        raw.carry(10).await?;
        Ok(raw)
    }

    /// Carries records, one after another.
    pub(crate) async fn carry(&self, count: usize) -> anyhow::Result<Latencies> {
        let mut seen = Latencies::new()?;
        for number in 0..count {
            let key = number.to_string();
            let payload = [b'x'; PAYLOAD];
            let record = FutureRecord::to(TOPIC).key(&key).payload(&payload[..]);
            let began = Instant::now();
            let sent = self.producer.send(record, PATIENCE);
            let taken = tokio::time::timeout(PATIENCE, self.consumer.recv());
            let (sent, taken) = tokio::join!(sent, async { (taken.await, began.elapsed()) });
            sent.map_err(|(error, _)| error).context("the record was not acknowledged")?;
            let (message, took) = taken;
            let message = message.context("the record was not consumed in time")??;
            ensure!(message.key() == Some(key.as_bytes()), "another record was consumed");
            seen.record(took);
        }
        Ok(seen)
    }
}

/// Makes the topic of benchmarks, unless it is there.
pub(crate) async fn make_topic(stack: &Stack) -> anyhow::Result<()> {
    let admin: AdminClient<DefaultClientContext> = client(stack).create()?;
    let topic = NewTopic::new(TOPIC, PARTITIONS, TopicReplication::Fixed(1));
    match admin.create_topics([&topic], &AdminOptions::new()).await?.into_iter().next() {
        Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(()),
        made => Err(anyhow!("the topic was not made: {made:?}")),
    }
}

/// As a service comes in.
fn client(stack: &Stack) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", stack.kafka().secured())
        .set("security.protocol", "SASL_SSL")
        .set("sasl.mechanism", "SCRAM-SHA-512")
        .set("sasl.username", Name::OrderService.as_str())
        .set("sasl.password", stack.kafka().password())
        .set("ssl.ca.location", stack.folder().join("certificates/ca.crt").display().to_string())
        .set("log_level", "0");
    config
}
