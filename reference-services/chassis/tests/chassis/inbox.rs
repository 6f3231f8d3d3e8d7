//! One effect per event, whatever happens on the way.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, anyhow};
use ecotrack_chassis::{
    inbox::{Handler, HandlerError, Outcome, Processor},
    kafka::{Headers, Record},
};
use ecotrack_events::Envelope;
use sqlx::{Postgres, Transaction};
use tokio::sync::watch;

use crate::helpers::{Bench, event};

/// Makes its effect, then fails as often as it is told to.
struct Failing {
    times: AtomicUsize,
    how: fn() -> HandlerError,
}

impl Handler for Failing {
    type Effect = ();

    async fn handle(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> Result<(), HandlerError> {
        sqlx::query("insert into effects (event_id) values ($1)")
            .bind(event.id)
            .execute(&mut **transaction)
            .await?;
        let left = self.times.load(Ordering::Relaxed);
        if left == 0 {
            return Ok(());
        }
        self.times.store(left - 1, Ordering::Relaxed);
        Err((self.how)())
    }
}

/// Makes its effect and tells of each try how it was judged, if it did not work.
struct Telling(watch::Sender<Option<String>>);

impl Handler for Telling {
    type Effect = ();

    async fn handle(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> Result<(), HandlerError> {
        let effect = sqlx::query("insert into effects (event_id) values ($1)").bind(event.id);
        let error = match effect.execute(&mut **transaction).await {
            Ok(_) => return Ok(()),
            Err(error) => HandlerError::from(error),
        };
        self.0.send_replace(Some(format!("{error:?}")));
        Err(error)
    }
}

fn processor(bench: &Bench, times: usize, how: fn() -> HandlerError) -> Result<Processor<Failing>> {
    let handler = Failing { times: AtomicUsize::new(times), how };
    Ok(Processor::new(
        "test-service",
        bench.database.clone(),
        bench.fixture.kafka.producer()?,
        handler,
    ))
}

fn record() -> Result<Record> {
    Ok(Record::of_event(&Envelope::new("elsewhere", event()), Headers::new())?)
}

fn failed() -> HandlerError {
    HandlerError::Failed(anyhow!("it did not work"))
}

fn unavailable() -> HandlerError {
    HandlerError::Unavailable(anyhow!("something is away"))
}

fn unavailable_deeper_down() -> HandlerError {
    anyhow::Error::from(sqlx::Error::PoolTimedOut).context("a step failed").into()
}

#[tokio::test]
async fn an_event_delivered_twice_has_one_effect() -> Result<()> {
    let bench = Bench::start().await?;
    let (processor, record) = (processor(&bench, 0, failed)?, record()?);
    assert_eq!(processor.process(&record).await, Outcome::Handled);
    assert_eq!(processor.process(&record).await, Outcome::Duplicate);
    assert_eq!(bench.count("effects").await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_failed_attempt_leaves_no_effect_behind() -> Result<()> {
    let bench = Bench::start().await?;
    assert_eq!(processor(&bench, 4, failed)?.process(&record()?).await, Outcome::Handled);
    assert_eq!(bench.count("effects").await?, 1);
    Ok(())
}

#[tokio::test]
async fn an_event_that_fails_five_times_is_parked_with_its_reason() -> Result<()> {
    let bench = Bench::start().await?;
    let record = record()?;
    let outcome = processor(&bench, 5, failed)?.process(&record).await;
    assert_eq!(outcome, Outcome::Parked("it did not work".to_owned()));
    let parked = bench
        .fixture
        .kafka
        .await_record("user-events.dlt", |parked| parked.key == record.key)
        .await?;
    assert_eq!(parked.headers["x-dead-letter-reason"], "it did not work");
    assert_eq!(bench.count("effects").await? + bench.count("inbox").await?, 0);
    Ok(())
}

#[tokio::test]
async fn an_event_is_not_to_blame_for_what_is_away() -> Result<()> {
    let bench = Bench::start().await?;
    for how in [unavailable, unavailable_deeper_down] {
        assert_eq!(processor(&bench, 7, how)?.process(&record()?).await, Outcome::Handled);
    }
    Ok(())
}

#[tokio::test]
async fn an_event_is_not_to_blame_for_a_lock_it_waits_for() -> Result<()> {
    let bench = Bench::start().await?;
    let (tell, mut told) = watch::channel(None);
    let producer = bench.fixture.kafka.producer()?;
    let processor = Processor::new("test-service", bench.database.clone(), producer, Telling(tell));
    let mut migration = bench.database.begin().await?;
    sqlx::query("lock table effects").execute(&mut *migration).await?;
    let release = async {
        let judged = told.wait_for(Option::is_some).await?.clone().unwrap_or_default();
        migration.rollback().await?;
        anyhow::Ok(judged)
    };
    let record = record()?;
    let (outcome, judged) = tokio::join!(processor.process(&record), release);
    let judged = judged?;
    assert!(judged.starts_with("Unavailable"), "{judged}");
    assert_eq!(outcome, Outcome::Handled);
    Ok(())
}

#[tokio::test]
async fn an_event_of_an_unknown_type_is_parked_at_once() -> Result<()> {
    let bench = Bench::start().await?;
    let mut record = record()?;
    record.headers.insert("ce_type".to_owned(), "UserTeleportedEvent".to_owned());
    let outcome = processor(&bench, 0, failed)?.process(&record).await;
    assert_eq!(outcome, Outcome::Parked("unknown event type `UserTeleportedEvent`".to_owned()));
    Ok(())
}
