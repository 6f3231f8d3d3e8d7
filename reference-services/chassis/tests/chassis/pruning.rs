//! What has had its time goes, in batches; nothing else does.

use anyhow::Result;
use ecotrack_chassis::{idempotency, inbox, outbox, workers::Progress};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::helpers::Bench;

async fn execute(bench: &Bench, statement: &str) -> Result<()> {
    let mut connection = bench.database.acquire().await?;
    sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut *connection).await?;
    Ok(())
}

async fn add_sent(bench: &Bench, count: usize, sent_at: &str) -> Result<()> {
    execute(
        bench,
        &format!(
            "insert into outbox (event_id, topic, key, headers, payload, created_at, sent_at) \
             select gen_random_uuid(), 't', 'k', '{{}}', '', now() - interval '3 days', {sent_at} \
             from generate_series(1, {count})"
        ),
    )
    .await
}

#[tokio::test]
async fn rows_that_were_sent_a_day_ago_go_and_pending_ones_stay_for_ever() -> Result<()> {
    let bench = Bench::start().await?;
    add_sent(&bench, 1_500, "now() - interval '25 hours'").await?;
    add_sent(&bench, 2, "now() - interval '23 hours'").await?;
    add_sent(&bench, 3, "null").await?;
    assert_eq!(outbox::prune(bench.database.clone()).await?, Progress::Worked);
    assert_eq!(bench.count("outbox").await?, 505);
    assert_eq!(outbox::prune(bench.database.clone()).await?, Progress::Idle);
    assert_eq!(bench.count("outbox").await?, 5);
    Ok(())
}

#[tokio::test]
async fn keys_of_yesterday_go_unless_somebody_is_taking_them_up_again() -> Result<()> {
    let bench = Bench::start().await?;
    let keys = |count: usize, age: &str, locked: &str| {
        format!(
            "insert into idempotency_keys (user_id, operation, key, fingerprint, subject_id, locked_until, created_at) \
             select gen_random_uuid(), 'o', 'k', '', gen_random_uuid(), now() {locked}, now() - interval '{age}' \
             from generate_series(1, {count})"
        )
    };
    execute(&bench, &keys(1_200, "25 hours", "- interval '1 hour'")).await?;
    execute(&bench, &keys(2, "23 hours", "- interval '1 hour'")).await?;
    execute(&bench, &keys(1, "25 hours", "+ interval '10 seconds'")).await?;
    assert_eq!(idempotency::prune(bench.database.clone()).await?, Progress::Worked);
    assert_eq!(idempotency::prune(bench.database.clone()).await?, Progress::Idle);
    assert_eq!(bench.count("idempotency_keys").await?, 3);
    Ok(())
}

/// A claim of an event that happened, and was claimed, so many days ago.
async fn claim(bench: &Bench, consumer: &str, happened: u64, claimed: u64) -> Result<()> {
    const SECONDS_OF_A_DAY: u64 = 24 * 60 * 60;
    let at = u64::try_from(chrono::Utc::now().timestamp())? - happened * SECONDS_OF_A_DAY;
    let id = Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, at, 0));
    let mut connection = bench.database.acquire().await?;
    sqlx::query("insert into inbox (consumer, event_id, claimed_at) values ($1, $2, now() - make_interval(days => $3))")
        .bind(consumer)
        .bind(id)
        .bind(i32::try_from(claimed)?)
        .execute(&mut *connection)
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_claim_is_kept_as_long_as_its_event_may_come_again() -> Result<()> {
    let bench = Bench::start().await?;
    for (happened, claimed) in [(0, 0), (14, 14), (16, 14), (16, 16), (30, 30)] {
        claim(&bench, "test-service", happened, claimed).await?;
    }
    claim(&bench, "another-service", 30, 30).await?;
    for _ in 0..2 {
        inbox::prune(bench.database.clone(), "test-service").await?;
        assert_eq!(bench.count("inbox").await?, 4);
    }
    Ok(())
}
