//! `reservation_intents`: attempts to place an order, from before stock is asked for until there is an order or none.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

/// Writes an attempt down, or prolongs it. False if it is being undone.
pub(crate) async fn write(
    tx: &mut PgConnection,
    order_id: Uuid,
    user_id: Uuid,
    patience: Duration,
) -> sqlx::Result<bool> {
    let written = sqlx::query(
        "INSERT INTO reservation_intents (order_id, user_id, due_at) VALUES ($1, $2, now() + make_interval(secs => $3))
         ON CONFLICT (order_id) DO UPDATE SET due_at = excluded.due_at WHERE NOT reservation_intents.is_releasing",
    )
    .bind(order_id)
    .bind(user_id)
    .bind(patience.as_secs_f64())
    .execute(tx)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// Ends an attempt that becomes an order in this transaction. False if it is being undone: then there must be no order.
pub(crate) async fn fulfil(tx: &mut PgConnection, order_id: Uuid) -> sqlx::Result<bool> {
    let ended =
        sqlx::query("DELETE FROM reservation_intents WHERE order_id = $1 AND NOT is_releasing")
            .bind(order_id)
            .execute(tx)
            .await?;
    Ok(ended.rows_affected() == 1)
}

/// Makes an attempt due at once.
pub(crate) async fn abandon(conn: &mut PgConnection, order_id: Uuid) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE reservation_intents SET due_at = now(), is_releasing = true WHERE order_id = $1",
    )
    .bind(order_id)
    .execute(conn)
    .await
    .map(drop)
}

/// Takes an attempt that is due, so that nobody else does for a while. From here on it cannot become an order.
pub(crate) async fn take_due(
    conn: &mut PgConnection,
    retry_after: Duration,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "UPDATE reservation_intents SET is_releasing = true, due_at = now() + make_interval(secs => $1)
         WHERE order_id = (
             SELECT order_id FROM reservation_intents WHERE due_at <= now()
             ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING order_id",
    )
    .bind(retry_after.as_secs_f64())
    .fetch_optional(conn)
    .await
}

/// Ends an attempt that was undone. Its key is free again: it had no effect, and its order's id is spent.
pub(crate) async fn end(tx: &mut PgConnection, order_id: Uuid) -> sqlx::Result<()> {
    // In the order in which an attempt that is let in takes them: the other way round, each might wait for the other.
    sqlx::query("DELETE FROM idempotency_keys WHERE subject_id = $1 AND status IS NULL")
        .bind(order_id)
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM reservation_intents WHERE order_id = $1")
        .bind(order_id)
        .execute(tx)
        .await
        .map(drop)
}
