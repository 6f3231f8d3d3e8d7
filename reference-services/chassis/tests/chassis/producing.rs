//! A producer outlives what its client does not.

use anyhow::{Result, ensure};
use ecotrack_chassis::{
    kafka::{Headers, KafkaSettings, Producer, Record},
    test_support::eventually,
};
use ecotrack_events::Envelope;
use rdkafka::{
    mocking::MockCluster,
    types::{RDKafkaApiKey, RDKafkaRespErr},
};

use crate::helpers::event;

#[tokio::test]
async fn a_producer_that_was_not_allowed_yet_produces_once_it_is() -> Result<()> {
    let cluster = MockCluster::new(1)?;
    cluster.create_topic("user-events", 1, 1)?;
    let refusal = RDKafkaRespErr::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
    cluster.request_errors(RDKafkaApiKey::InitProducerId, &[refusal; 2]);
    let settings = KafkaSettings {
        brokers: cluster.bootstrap_servers(),
        service: "test",
        prefix: String::new(),
        security: None,
    };
    let producer = Producer::new(&settings)?;
    let record = Record::of_event(&Envelope::new("elsewhere", event()), Headers::new())?;
    let refused = producer.send(&record).await;
    ensure!(refused.is_err(), "it was allowed from the beginning");
    eventually(|| async { Ok(producer.send(&record).await?) }).await
}
