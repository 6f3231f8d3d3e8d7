//! The producer: idempotent, acknowledged by all replicas, bounded in time and memory.

use anyhow::Context as _;
use futures::future::join_all;
use rdkafka::{
    error::KafkaError,
    producer::{DeliveryFuture, FutureProducer, FutureRecord},
};

use super::{KafkaSettings, Record};

/// Longest a record may take, retries included, in milliseconds.
const DELIVERY_TIMEOUT_MS: &str = "10000";
/// Records waiting in the client.
const QUEUE_LIMIT: &str = "10000";

/// Why a record was not acknowledged. It may be in the topic nevertheless.
#[derive(Debug, thiserror::Error)]
pub enum ProduceError {
    /// Kafka refused it, did not answer, or the client's queue is full.
    #[error("kafka did not acknowledge the record")]
    Kafka(#[from] KafkaError),
    /// The producer is gone.
    #[error("the producer was closed")]
    Closed,
}

/// Produces records.
#[derive(Clone)]
pub struct Producer {
    client: FutureProducer,
    prefix: String,
}

impl Producer {
    /// Does not wait for Kafka: records wait in the client until it is there, or time out.
    pub fn new(settings: &KafkaSettings) -> anyhow::Result<Self> {
        let client = settings
            .client()?
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            .set("message.timeout.ms", DELIVERY_TIMEOUT_MS)
            .set("queue.buffering.max.messages", QUEUE_LIMIT)
            .create()
            .context("cannot make the kafka producer")?;
        Ok(Self { client, prefix: settings.prefix.clone() })
    }

    /// Produces one record and waits for its acknowledgement.
    pub async fn send(&self, record: &Record) -> Result<(), ProduceError> {
        acknowledged(self.enqueue(record)?).await
    }

    /// Produces records in order and says how many of them, from the first one on, were acknowledged without a gap.
    pub async fn send_all(&self, records: &[Record]) -> (usize, Option<ProduceError>) {
        let (mut waiting, mut failure) = (Vec::with_capacity(records.len()), None);
        for record in records {
            match self.enqueue(record) {
                Ok(delivery) => waiting.push(delivery),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        let outcomes = join_all(waiting.into_iter().map(acknowledged)).await;
        let acknowledged = outcomes.iter().take_while(|outcome| outcome.is_ok()).count();
        let first_error = outcomes.into_iter().find_map(Result::err);
        (acknowledged, first_error.or(failure))
    }

    fn enqueue(&self, record: &Record) -> Result<DeliveryFuture, ProduceError> {
        let topic = format!("{}{}", self.prefix, record.topic);
        let message = FutureRecord::to(&topic)
            .key(&record.key)
            .payload(&record.payload)
            .headers(record.kafka_headers());
        self.client.send_result(message).map_err(|(error, _)| error.into())
    }
}

async fn acknowledged(delivery: DeliveryFuture) -> Result<(), ProduceError> {
    match delivery.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err((error, _))) => Err(error.into()),
        Err(_) => Err(ProduceError::Closed),
    }
}
