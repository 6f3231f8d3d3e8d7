//! Claims: an event is an effect's, once, for good.

use std::collections::HashSet;

use sqlx::{Postgres, Transaction};
use uuid::Uuid;

/// Claims events for the effects of this transaction. Says which of them nobody claimed before.
///
/// In one order for everybody, so that two consumers that were given the same records do not wait for each other in a circle.
pub(super) async fn take(
    transaction: &mut Transaction<'static, Postgres>,
    consumer: &str,
    events: &[Uuid],
) -> sqlx::Result<HashSet<Uuid>> {
    let claimed: Vec<Uuid> = sqlx::query_scalar(
        "insert into inbox (consumer, event_id) select $1, id from unnest($2::uuid[]) as id order by id \
         on conflict do nothing returning event_id",
    )
    .bind(consumer)
    .bind(events)
    .fetch_all(&mut **transaction)
    .await?;
    Ok(claimed.into_iter().collect())
}
