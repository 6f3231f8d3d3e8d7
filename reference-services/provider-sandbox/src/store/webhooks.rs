//! Webhooks on their way.

use std::time::Duration;

use sqlx::PgConnection;

use super::decode;
use crate::provider::Provider;
use crate::webhook::{Sending, Webhook};

/// Webhooks that may wait at once.
const MOST_WAITING: i64 = 10_000;

/// A webhook that is to be sent now.
pub(crate) struct Due {
    pub(crate) id: i64,
    pub(crate) provider: Provider,
    pub(crate) content_type: String,
    pub(crate) body: String,
    /// This attempt included.
    pub(crate) attempts: u32,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    provider: String,
    content_type: String,
    body: String,
    attempts: i32,
}

/// Writes a webhook down. `false` if too many wait already.
pub(crate) async fn enqueue(
    tx: &mut PgConnection,
    provider: Provider,
    webhook: &Webhook,
    sending: Sending,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO webhooks (provider, event_id, content_type, body, copies, due_at)
         SELECT $1, $2, $3, $4, $5, $6
         WHERE (SELECT count(*) FROM (SELECT FROM webhooks WHERE closed_at IS NULL LIMIT $7) waiting) < $7",
    )
    .bind(provider.name())
    .bind(&webhook.event_id)
    .bind(webhook.content_type)
    .bind(&webhook.body)
    .bind(sending.copies)
    .bind(sending.due_at)
    .bind(MOST_WAITING)
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes the webhook that is due longest, for as long as `lease`: then it is somebody else's.
pub(crate) async fn take_due(
    conn: &mut PgConnection,
    lease: Duration,
) -> sqlx::Result<Option<Due>> {
    let row: Option<Row> = sqlx::query_as(
        "UPDATE webhooks SET attempts = attempts + 1, due_at = clock_timestamp() + make_interval(secs => $1)
         WHERE id = (SELECT id FROM webhooks WHERE closed_at IS NULL AND due_at <= clock_timestamp()
                     ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING id, provider, content_type, body, attempts",
    )
    .bind(lease.as_secs_f64())
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Due {
            id: row.id,
            provider: decode(row.provider.parse())?,
            content_type: row.content_type,
            body: row.body,
            attempts: row.attempts.unsigned_abs(),
        })
    })
    .transpose()
}

/// One copy has arrived.
pub(crate) async fn arrived(conn: &mut PgConnection, id: i64) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE webhooks SET copies = copies - 1, attempts = 0, due_at = clock_timestamp(),
             closed_at = CASE WHEN copies = 1 THEN clock_timestamp() END
         WHERE id = $1 AND closed_at IS NULL",
    )
    .bind(id)
    .execute(conn)
    .await
    .map(drop)
}

/// It has not arrived: sent again after a pause, or given up without one.
pub(crate) async fn failed(
    conn: &mut PgConnection,
    id: i64,
    again_in: Option<Duration>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE webhooks SET due_at = coalesce(clock_timestamp() + make_interval(secs => $2), due_at),
             closed_at = CASE WHEN $2::double precision IS NULL THEN clock_timestamp() END
         WHERE id = $1 AND closed_at IS NULL",
    )
    .bind(id)
    .bind(again_in.map(|pause| pause.as_secs_f64()))
    .execute(conn)
    .await
    .map(drop)
}
