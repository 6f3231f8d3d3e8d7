//! Records that lie ready are handled together: each once, in order, and a bad one keeps no other from its effect.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, ensure};
use ecotrack_chassis::{
    inbox::{Handler, HandlerError, Processor},
    kafka::{Headers, Record},
    test_support::eventually,
};
use ecotrack_events::Envelope;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::helpers::{Bench, event};

const CONSUMER: &str = "test-service";
/// Source of events that cannot be handled.
const BAD: &str = "bad";

/// Makes its effect and remembers, once that is committed, whose it was.
#[derive(Clone, Default)]
struct Remembering(Arc<Mutex<Vec<Uuid>>>);

impl Remembering {
    fn heard(&self) -> Vec<Uuid> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Handler for Remembering {
    type Effect = Uuid;

    async fn handle(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> Result<Uuid, HandlerError> {
        sqlx::query("insert into effects (event_id) values ($1)")
            .bind(event.id)
            .execute(&mut **transaction)
            .await?;
        if event.source == BAD {
            return Err(HandlerError::Poison("on purpose".to_owned()));
        }
        Ok(event.id)
    }

    fn committed(&self, effects: Vec<Uuid>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(effects);
    }
}

/// Does the same, and commits after a certain event on a connection that then ends: nobody hears of that commit.
#[derive(Clone)]
struct Unheard {
    remembering: Remembering,
    after: Uuid,
}

impl Handler for Unheard {
    type Effect = Uuid;

    async fn handle(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> Result<Uuid, HandlerError> {
        let effect = self.remembering.handle(transaction, event).await?;
        if event.id == self.after {
            sqlx::raw_sql("commit").execute(&mut **transaction).await?;
            let end = sqlx::raw_sql("select pg_terminate_backend(pg_backend_pid())");
            end.execute(&mut **transaction).await.ok();
        }
        Ok(effect)
    }

    fn committed(&self, effects: Vec<Uuid>) {
        self.remembering.committed(effects);
    }
}

fn processor<H: Handler + Clone>(bench: &Bench, handler: &H) -> Result<Processor<H>> {
    let producer = bench.fixture.kafka.producer()?;
    Ok(Processor::new(CONSUMER, bench.database.clone(), producer, handler.clone()))
}

fn record(source: &str) -> Result<Record> {
    Ok(Record::of_event(&Envelope::new(source, event()), Headers::new())?)
}

fn records(count: usize) -> Result<Vec<Record>> {
    (0..count).map(|_| record("elsewhere")).collect()
}

fn id_of(record: &Record) -> Result<Uuid> {
    Ok(record.headers["ce_id"].parse()?)
}

fn ids_of(records: &[Record]) -> Result<Vec<Uuid>> {
    records.iter().map(id_of).collect()
}

#[tokio::test]
async fn what_lies_ready_is_handled_in_order_in_one_transaction_and_once() -> Result<()> {
    let (bench, handler) = (Bench::start().await?, Remembering::default());
    let (processor, records) = (processor(&bench, &handler)?, records(50)?);
    processor.process_all(&records).await;
    processor.process_all(&records).await;
    assert_eq!(handler.heard(), ids_of(&records)?);
    assert_eq!((bench.count("effects").await?, bench.count("inbox").await?), (50, 50));
    let transactions = "(select distinct xmin::text from effects) as transactions";
    assert_eq!(bench.count(transactions).await?, 1);
    Ok(())
}

#[tokio::test]
async fn an_event_that_comes_twice_in_one_batch_has_one_effect() -> Result<()> {
    let (bench, handler) = (Bench::start().await?, Remembering::default());
    let (one, other) = (record("elsewhere")?, record("elsewhere")?);
    let twice = [one.clone(), one.clone(), other.clone(), one.clone()];
    processor(&bench, &handler)?.process_all(&twice).await;
    assert_eq!(handler.heard(), ids_of(&[one, other])?);
    Ok(())
}

#[tokio::test]
async fn a_handler_is_told_of_effects_also_when_nobody_heard_of_their_commit() -> Result<()> {
    for records in [records(1)?, records(3)?] {
        let (bench, remembering) = (Bench::start().await?, Remembering::default());
        let expected = ids_of(&records)?;
        let handler = Unheard { remembering, after: expected[expected.len() - 1] };
        processor(&bench, &handler)?.process_all(&records).await;
        assert_eq!(handler.remembering.heard(), expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_bad_record_is_parked_and_those_around_it_have_their_effects_once() -> Result<()> {
    for broken in [record(BAD)?, Record { payload: b"{".to_vec(), ..record("elsewhere")? }] {
        let (bench, handler) = (Bench::start().await?, Remembering::default());
        let good = records(10)?;
        let mut all = good.clone();
        all.insert(5, broken.clone());
        processor(&bench, &handler)?.process_all(&all).await;
        assert_eq!(handler.heard(), ids_of(&good)?);
        assert_eq!(bench.count("effects").await?, 10);
        let dead_letters = "user-events.dlt";
        bench.fixture.kafka.await_record(dead_letters, |parked| parked.key == broken.key).await?;
    }
    Ok(())
}

#[tokio::test]
async fn two_consumers_that_are_given_the_same_records_make_each_effect_once() -> Result<()> {
    let (bench, handler) = (Bench::start().await?, Remembering::default());
    let (one, other) = (processor(&bench, &handler)?, processor(&bench, &handler)?);
    let records = records(40)?;
    let reversed: Vec<_> = records.iter().rev().cloned().collect();
    tokio::join!(one.process_all(&records), other.process_all(&reversed));
    assert_eq!(bench.count("effects").await?, 40);
    let (mut heard, mut expected) = (handler.heard(), ids_of(&records)?);
    heard.sort_unstable();
    expected.sort_unstable();
    assert_eq!(heard, expected);
    Ok(())
}

#[tokio::test]
async fn whoever_holds_many_rows_lets_go_of_them_before_waiting_long_for_another() -> Result<()> {
    let (bench, handler) = (Bench::start().await?, Remembering::default());
    let (processor, records) = (processor(&bench, &handler)?, records(3)?);
    let mut somebody = bench.database.begin().await?;
    sqlx::query("insert into inbox (consumer, event_id) values ($1, $2)")
        .bind(CONSUMER)
        .bind(id_of(&records[1])?)
        .execute(&mut *somebody)
        .await?;
    let release = async {
        eventually(|| async {
            ensure!(bench.count("effects").await? == 1, "the first record waits for the second");
            Ok(())
        })
        .await?;
        somebody.rollback().await?;
        anyhow::Ok(())
    };
    let ((), released) = tokio::join!(processor.process_all(&records), release);
    released?;
    assert_eq!(handler.heard(), ids_of(&records)?);
    Ok(())
}
