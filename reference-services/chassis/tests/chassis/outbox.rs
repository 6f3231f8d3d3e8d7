//! Events leave in order, at least once, and only when they were committed.

use anyhow::Result;
use ecotrack_chassis::{
    kafka::{KafkaSettings, Producer},
    outbox::{Outbox, Relay},
    workers::Progress,
};
use ecotrack_events::{Envelope, Topic, user::UserDeleted};
use prometheus_client::registry::Registry;

use crate::helpers::{Bench, event};

fn relay(bench: &Bench, outbox: &Outbox, producer: Producer) -> Relay {
    Relay::new(bench.database.clone(), producer, outbox, &mut Registry::default())
}

async fn append(bench: &Bench, outbox: &Outbox, count: usize) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    let mut transaction = bench.database.begin().await?;
    for _ in 0..count {
        let event = event();
        keys.push(event.user_id.to_string());
        outbox.append(&mut transaction, event).await?;
    }
    outbox.commit(transaction).await?;
    Ok(keys)
}

#[tokio::test]
async fn a_step_publishes_what_is_pending_and_the_next_one_finds_nothing() -> Result<()> {
    let bench = Bench::start().await?;
    let outbox = Outbox::new("test-service");
    let relay = relay(&bench, &outbox, bench.fixture.kafka.producer()?);
    let keys = append(&bench, &outbox, 3).await?;
    assert_eq!(relay.step().await?, Progress::Worked);
    assert_eq!(relay.step().await?, Progress::Idle);
    for key in keys {
        let record = bench.fixture.kafka.await_event(Topic::User, "UserDeletedEvent", &key).await?;
        let envelope: Envelope = record.envelope()?;
        assert_eq!(envelope.source, "test-service");
    }
    Ok(())
}

#[tokio::test]
async fn events_that_are_written_in_one_statement_are_published_like_others() -> Result<()> {
    let bench = Bench::start().await?;
    let outbox = Outbox::new("test-service");
    let relay = relay(&bench, &outbox, bench.fixture.kafka.producer()?);
    let (events, none) = ([event(), event()], Vec::<UserDeleted>::new());
    let mut transaction = bench.database.begin().await?;
    outbox.append_all(&mut transaction, none).await?;
    outbox.append_all(&mut transaction, events.clone()).await?;
    outbox.commit(transaction).await?;
    assert_eq!(relay.step().await?, Progress::Worked);
    for event in events {
        let key = event.user_id.to_string();
        bench.fixture.kafka.await_event(Topic::User, "UserDeletedEvent", &key).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_is_rolled_back_never_happened() -> Result<()> {
    let bench = Bench::start().await?;
    let outbox = Outbox::new("test-service");
    let mut transaction = bench.database.begin().await?;
    outbox.append(&mut transaction, event()).await?;
    transaction.rollback().await?;
    let relay = relay(&bench, &outbox, bench.fixture.kafka.producer()?);
    assert_eq!(relay.step().await?, Progress::Idle);
    Ok(())
}

#[tokio::test]
async fn while_kafka_is_away_events_wait() -> Result<()> {
    let bench = Bench::start().await?;
    let outbox = Outbox::new("test-service");
    append(&bench, &outbox, 2).await?;
    // Nobody listens there.
    let nowhere =
        KafkaSettings { brokers: "127.0.0.1:1".to_owned(), ..bench.fixture.kafka.settings() };
    relay(&bench, &outbox, Producer::new(&nowhere)?).step().await.unwrap_err();
    assert_eq!(bench.count("outbox where sent_at is null").await?, 2);
    let back = relay(&bench, &outbox, bench.fixture.kafka.producer()?);
    assert_eq!(back.step().await?, Progress::Worked);
    assert_eq!(bench.count("outbox where sent_at is null").await?, 0);
    Ok(())
}

#[tokio::test]
async fn while_one_relay_works_another_one_leaves_its_rows_alone() -> Result<()> {
    let bench = Bench::start().await?;
    let outbox = Outbox::new("test-service");
    append(&bench, &outbox, 1).await?;
    let mut other = bench.database.begin().await?;
    let lock =
        "select pg_advisory_xact_lock(hashtextextended(current_schema() || 'outbox-relay', 0))";
    sqlx::query(lock).execute(&mut *other).await?;
    let relay = relay(&bench, &outbox, bench.fixture.kafka.producer()?);
    assert_eq!(relay.step().await?, Progress::Idle);
    other.rollback().await?;
    assert_eq!(relay.step().await?, Progress::Worked);
    Ok(())
}
