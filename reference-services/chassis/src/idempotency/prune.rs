//! Keys that have aged out go.

use crate::{postgres::Database, workers::Progress};

use super::LIFE;

/// Rows of one step, so that no step holds locks for long.
const BATCH: i64 = 1_000;

/// Removes one batch of keys that are older than [`LIFE`]. A key somebody is just taking up again stays.
pub async fn prune(database: Database) -> anyhow::Result<Progress> {
    let mut connection = database.acquire().await?;
    let removed = sqlx::query(
        "DELETE FROM idempotency_keys WHERE (user_id, operation, key) IN (SELECT user_id, operation, key \
         FROM idempotency_keys WHERE created_at < now() - make_interval(secs => $1) AND locked_until < now() \
         ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(LIFE.as_seconds_f64())
    .bind(BATCH)
    .execute(&mut *connection)
    .await?;
    Ok(Progress::of_batch(removed.rows_affected(), BATCH))
}
