//! The producer: idempotent, acknowledged by all replicas, bounded in time and memory.

use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use futures::future::join_all;
use rdkafka::{
    error::KafkaError,
    producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer as _},
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

/// Produces records. Clones share the client.
#[derive(Clone)]
pub struct Producer {
    client: Arc<ArcSwap<FutureProducer>>,
    settings: KafkaSettings,
}

impl Producer {
    /// Does not wait for Kafka: records wait in the client until it is there, or time out.
    pub fn new(settings: &KafkaSettings) -> anyhow::Result<Self> {
        let client = Arc::new(ArcSwap::from_pointee(client(settings)?));
        Ok(Self { client, settings: settings.clone() })
    }

    /// Produces one record and waits for its acknowledgement.
    pub async fn send(&self, record: &Record) -> Result<(), ProduceError> {
        match self.send_all(std::slice::from_ref(record)).await {
            (_, Some(error)) => Err(error),
            (_, None) => Ok(()),
        }
    }

    /// Produces records in order and says how many of them, from the first one on, were acknowledged without a gap.
    pub async fn send_all(&self, records: &[Record]) -> (usize, Option<ProduceError>) {
        let client = self.client.load_full();
        let (mut waiting, mut failure) = (Vec::with_capacity(records.len()), None);
        for record in records {
            match self.enqueue(&client, record) {
                Ok(delivery) => waiting.push(delivery),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        let outcomes = join_all(waiting.into_iter().map(acknowledged)).await;
        let acknowledged = outcomes.iter().take_while(|outcome| outcome.is_ok()).count();
        let failure = outcomes.into_iter().find_map(Result::err).or(failure);
        if failure.is_some() {
            self.replace_if_dead(&client);
        }
        (acknowledged, failure)
    }

    fn enqueue(
        &self,
        client: &FutureProducer,
        record: &Record,
    ) -> Result<DeliveryFuture, ProduceError> {
        let topic = self.settings.named(&record.topic);
        let message = FutureRecord::to(&topic)
            .key(&record.key)
            .payload(&record.payload)
            .headers(record.kafka_headers());
        client.send_result(message).map_err(|(error, _)| error.into())
    }

    /// An idempotent client that lost count of its records, or was not allowed to begin counting, refuses all there are from then
    /// on, and says so only when asked. Whoever tries again does so with a new one.
    fn replace_if_dead(&self, failed: &Arc<FutureProducer>) {
        let Some((code, reason)) = failed.client().fatal_error() else { return };
        // Of all whose records failed with it, one replaces it.
        if !Arc::ptr_eq(&self.client.load(), failed) {
            return;
        }
        match client(&self.settings) {
            Ok(new) => {
                if Arc::ptr_eq(&self.client.compare_and_swap(failed, Arc::new(new)), failed) {
                    tracing::warn!(%code, reason, "the kafka producer was dead and is replaced");
                }
            }
            Err(error) => tracing::warn!(error = format!("{error:#}"), "no new kafka producer"),
        }
    }
}

fn client(settings: &KafkaSettings) -> anyhow::Result<FutureProducer> {
    settings
        .client()?
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("linger.ms", "5")
        .set("message.timeout.ms", DELIVERY_TIMEOUT_MS)
        .set("queue.buffering.max.messages", QUEUE_LIMIT)
        .create()
        .context("cannot make the kafka producer")
}

async fn acknowledged(delivery: DeliveryFuture) -> Result<(), ProduceError> {
    match delivery.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err((error, _))) => Err(error.into()),
        Err(_) => Err(ProduceError::Closed),
    }
}
