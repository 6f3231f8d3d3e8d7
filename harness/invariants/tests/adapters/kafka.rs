//! Topics and offsets.

use ecotrack_invariants::contract::Consumers;
use ecotrack_invariants::drain::lags;
use ecotrack_invariants::observed::Payload;
use ecotrack_invariants::source::kafka::KafkaSource;
use uuid::Uuid;

use crate::broker::Broker;

fn consumers() -> Consumers {
    Consumers::registered().unwrap()
}

#[tokio::test]
async fn every_record_is_read_from_the_beginning_with_its_place_key_headers_and_bytes() {
    let broker = Broker::start();
    let id = Uuid::new_v4().to_string();
    let headers = [("ce_id", id.as_str()), ("ce_type", "OrderCreatedEvent")];
    let (partition, offset) =
        broker.produce("order-events", "order-1", &headers, b"{\"a\": 1}").await;
    broker.produce("order-events.dlt", "order-2", &[], &[0xff, 0x00]).await;
    let kafka = broker.source.read(&consumers()).await.unwrap();
    assert_eq!((kafka.logs.len(), kafka.records.len()), (8 * 3, 2));
    let record = &kafka.records[0];
    assert_eq!(
        (record.partition, record.offset, record.key.as_deref()),
        (partition, offset, Some("order-1"))
    );
    assert_eq!(
        (record.event_id().unwrap().to_string(), record.event_type()),
        (id, "OrderCreatedEvent")
    );
    assert_eq!(record.payload, Payload::Text("{\"a\": 1}".to_owned()));
    assert_eq!(kafka.records[1].payload, Payload::Bytes { base64: "/wA=".to_owned() });
}

#[tokio::test]
async fn many_records_are_all_read_each_partition_in_its_order() {
    let broker = Broker::start();
    for number in 0..300 {
        broker.produce("user-events", &format!("user-{number}"), &[], b"{}").await;
    }
    let kafka = broker.source.read(&consumers()).await.unwrap();
    assert_eq!(kafka.records.len(), 300);
    for partition in 0..3 {
        let offsets: Vec<i64> = kafka
            .records
            .iter()
            .filter(|record| record.partition == partition)
            .map(|record| record.offset)
            .collect();
        assert_eq!(offsets, (0..i64::try_from(offsets.len()).unwrap()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn committed_offsets_are_found_and_lag_is_what_is_left() {
    let broker = Broker::start();
    let (partition, offset) = broker.produce("payment-events", "payment-1", &[], b"{}").await;
    let consumers = consumers();
    let lag = async || {
        lags(&broker.source.positions(&consumers).await.unwrap(), consumers.subscriptions())
    };
    assert_eq!(lag().await.len(), 2);
    for group in ["order-service", "notification-service"] {
        broker.commit(group, "payment-events", partition, offset + 1).await;
    }
    assert_eq!(lag().await, Vec::<String>::new());
    let kafka = broker.source.positions(&consumers).await.unwrap();
    assert!(
        kafka.offsets.iter().any(|one| one.group == "order-service" && one.committed == offset + 1)
    );
}

#[tokio::test]
async fn a_broker_that_is_away_is_an_error_and_not_an_empty_topic() {
    let source = KafkaSource { brokers: "127.0.0.1:1".to_owned(), login: None };
    assert!(source.read(&consumers()).await.is_err());
}
