//! Claims are kept as long as their event may come again.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    postgres::{self, Database},
    workers::Progress,
};

/// How long a claim is kept. Kafka keeps a record for a week and then removes it with its segment, which may be another week
/// old; a consumer that lost its offsets begins with the oldest there is.
const LIFE: Duration = Duration::from_hours(15 * 24);
/// Rows of one step, so that no step holds locks for long.
const BATCH: i64 = 1_000;

/// Removes one batch of a consumer's claims that are older than that.
pub async fn prune(database: Database, consumer: &'static str) -> anyhow::Result<Progress> {
    let mut connection = database.acquire().await?;
    // Ids of events are time-ordered, so old claims are at the beginning of the primary key: no index of their age is needed.
    let removed = sqlx::query(
        "delete from inbox where (consumer, event_id) in (select consumer, event_id from inbox \
         where consumer = $1 and event_id < $2 and claimed_at < now() - make_interval(secs => $3) \
         order by event_id limit $4 for update skip locked)",
    )
    .bind(consumer)
    .bind(first_id_after(LIFE))
    .bind(LIFE.as_secs_f64())
    .bind(BATCH)
    .execute(&mut *connection)
    .await?;
    Ok(Progress::of_batch(removed.rows_affected(), BATCH))
}

/// The smallest id that an event of so long ago can have.
fn first_id_after(age: Duration) -> Uuid {
    let millis = (postgres::now() - age).timestamp_millis();
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(millis).unwrap_or_default(), &[0; 10])
        .into_uuid()
}
