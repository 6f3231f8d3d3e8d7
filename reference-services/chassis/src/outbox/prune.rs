//! Rows that were sent are kept for a day, for questions, and then go.

use std::time::Duration;

use crate::{postgres::Database, workers::Progress};

/// How long a row stays after it was sent.
pub const KEEPS: Duration = Duration::from_hours(24);

/// Rows of one step, so that no step holds locks for long.
const BATCH: i64 = 1_000;

/// Removes one batch of rows that were sent a day ago. Rows that were not sent stay for ever.
pub async fn prune(database: Database) -> anyhow::Result<Progress> {
    let mut connection = database.acquire().await?;
    // Rows are sent in the order of the primary key, so those that are old enough come first: no others need be read.
    let removed = sqlx::query(
        "delete from outbox where sent_at < now() - $1 \
         and position in (select position from outbox order by position limit $2)",
    )
    .bind(KEEPS)
    .bind(BATCH)
    .execute(&mut *connection)
    .await?;
    Ok(Progress::of_batch(removed.rows_affected(), BATCH))
}
