//! A record that cannot be handled is parked with its reason, and those behind it are handled.

use anyhow::{Result, ensure};
use chrono::{TimeDelta, Utc};
use ecotrack_chassis::{
    Chassis,
    inbox::{Handler, HandlerError},
    kafka::{Headers, Record},
    test_support::eventually,
};
use ecotrack_events::{Envelope, Topic};
use sqlx::{Postgres, Transaction};

use crate::{
    helpers::{Bench, MIGRATIONS, event},
    raw,
};

/// Makes its effect, except of what was published by `panic` or `sloth`.
struct Effects;

impl Handler for Effects {
    type Effect = ();

    async fn handle(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> Result<(), HandlerError> {
        assert_ne!(event.source, "panic", "on purpose");
        if event.source == "sloth" {
            for statement in ["set local statement_timeout = '1ms'", "select pg_sleep(10)"] {
                sqlx::query(statement).execute(&mut **transaction).await?;
            }
        }
        sqlx::query("insert into effects (event_id) values ($1)")
            .bind(event.id)
            .execute(&mut **transaction)
            .await?;
        Ok(())
    }
}

/// One broken record of each kind, and what its reason says.
fn broken(good: &Record) -> Result<Vec<(Record, &'static str)>> {
    let with = |name: &str, value: Option<String>| {
        let mut record = good.clone();
        match value {
            Some(value) => record.headers.insert(name.to_owned(), value),
            None => record.headers.remove(name),
        };
        record
    };
    let of_payload = |payload: Vec<u8>| Record { payload, ..good.clone() };
    let ahead = (Utc::now() + TimeDelta::hours(1)).to_rfc3339();
    let newer = good.headers["ce_dataschema"].replace("/v1", "/v99");
    Ok(vec![
        (of_payload(b"{".to_vec()), "is not valid"),
        (of_payload(vec![0xff; 16]), "is not valid"),
        (of_payload(vec![b' '; 800 * 1024]), "is not valid"),
        (of_payload(br#"{"user_id":"ann@example.com"}"#.to_vec()), "another shape"),
        (with("ce_id", None), "`ce_id`"),
        (with("ce_id", Some("7".to_owned())), "`ce_id`"),
        (with("ce_type", Some("UserTeleportedEvent".to_owned())), "unknown event type"),
        (with("ce_dataschema", Some(newer)), "v99"),
        (with("ce_time", Some(ahead)), "future"),
        (Record::of_event(&Envelope::new("panic", event()), Headers::new())?, "panicked"),
        (Record::of_event(&Envelope::new("sloth", event()), Headers::new())?, "statement timeout"),
    ])
}

#[tokio::test]
async fn every_broken_record_is_parked_and_the_ones_behind_it_are_handled() -> Result<()> {
    let bench = Bench::start().await?;
    let mut chassis = Chassis::new(bench.fixture.settings("test-service")?);
    let database = chassis.database(&MIGRATIONS)?;
    chassis.consume(&database, &[Topic::User], Effects)?;
    let (producer, key) = (bench.fixture.kafka.producer()?, event().user_id.to_string());
    let in_order = |mut record: Record| {
        record.key.clone_from(&key);
        record
    };
    let good = || {
        anyhow::Ok(in_order(Record::of_event(
            &Envelope::new("elsewhere", event()),
            Headers::new(),
        )?))
    };
    let broken = broken(&good()?)?;
    for (record, _) in &broken {
        producer.send(&in_order(record.clone())).await?;
    }
    producer.send(&good()?).await?;
    eventually(|| async {
        ensure!(bench.count("effects").await? == 1, "the record behind was not handled");
        Ok(())
    })
    .await?;
    for (record, reason) in broken {
        let parked = bench
            .fixture
            .kafka
            .await_record("user-events.dlt", |parked| {
                parked.headers.get("x-dead-letter-reason").is_some_and(|said| said.contains(reason))
                    && record.payload.starts_with(&parked.payload[..parked.payload.len().min(16)])
            })
            .await?;
        assert!(!parked.headers["x-dead-letter-reason"].contains("ann@"), "{:?}", parked.headers);
        assert_eq!(parked.headers["x-dead-letter-consumer"], "test-service");
        assert!(parked.payload.len() <= 512 * 1024);
    }
    Ok(())
}

/// An event as another service publishes it.
fn published() -> Result<Record> {
    Ok(Record::of_event(&Envelope::new("elsewhere", event()), Headers::new())?)
}

#[tokio::test]
async fn a_header_whose_name_is_not_text_ends_neither_its_record_nor_the_consumer() -> Result<()> {
    let bench = Bench::start().await?;
    let mut chassis = Chassis::new(bench.fixture.settings("test-service")?);
    let database = chassis.database(&MIGRATIONS)?;
    chassis.consume(&database, &[Topic::User], Effects)?;
    raw::produce(&bench.fixture.kafka, &published()?, (b"\xff\xfe", b"1")).await?;
    bench.fixture.kafka.producer()?.send(&published()?).await?;
    eventually(|| async {
        let handled = bench.count("effects").await?;
        ensure!(handled == 2, "{handled} records were handled");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_broken_record_with_headers_as_large_as_a_record_may_be_is_parked_all_the_same()
-> Result<()> {
    let bench = Bench::start().await?;
    let mut chassis = Chassis::new(bench.fixture.settings("test-service")?);
    let database = chassis.database(&MIGRATIONS)?;
    chassis.consume(&database, &[Topic::User], Effects)?;
    let kafka = &bench.fixture.kafka;
    let broken = Record { payload: b"{".to_vec(), ..published()? };
    // Brokers take more than a megabyte, and so do other producers than ours.
    raw::produce(kafka, &broken, (b"x-large", &vec![b'x'; 1_010_000])).await?;
    raw::produce(kafka, &published()?, (b"x-small", b"x")).await?;
    let parked = kafka.await_record("user-events.dlt", |parked| parked.key == broken.key).await?;
    assert_eq!(parked.headers["x-dead-letter-headers-dropped"], "1");
    assert_eq!(parked.headers["ce_id"], broken.headers["ce_id"]);
    eventually(|| async {
        ensure!(bench.count("effects").await? == 1, "the record behind was not handled");
        Ok(())
    })
    .await
}
