//! `erasures`: accounts that are gone, and what the outbox still says of them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Notes that an account is gone.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    user_id: Uuid,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into erasures (user_id, erased_at) values ($1, $2)")
        .bind(user_id)
        .bind(at)
        .execute(connection)
        .await
        .map(drop)
}

/// Empties the events of erased accounts that were sent; that there were events stays. An erasure is finished when none waits
/// to be sent any more. Says how many were.
///
/// One statement, hence one view of the outbox: an event sent meanwhile is neither emptied nor counted as emptied.
pub(crate) async fn scrub(
    connection: &mut PgConnection,
    at: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let finished = sqlx::query(
        "with emptied as ( \
             update outbox set payload = convert_to('{}', 'UTF8') where sent_at is not null \
             and key in (select user_id::text from erasures where finished_at is null) \
         ) update erasures set finished_at = $1 where finished_at is null \
         and not exists (select from outbox where key = user_id::text and sent_at is null)",
    )
    .bind(at)
    .execute(connection)
    .await?;
    Ok(finished.rows_affected())
}
