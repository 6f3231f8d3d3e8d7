//! Orders read back.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::rows::{ItemRow, OrderRow};
use crate::domain::order::Order;
use crate::domain::status::Status;

/// What an [`OrderRow`] is read from.
macro_rules! columns {
    () => {
        "id, user_id, status, total_amount, currency, payment_method, created_at, updated_at, reserved_until, payment_id"
    };
}

/// A customer's order. Somebody else's is not found.
pub(crate) async fn find(
    conn: &mut PgConnection,
    id: Uuid,
    user_id: Uuid,
) -> sqlx::Result<Option<Order>> {
    let row = sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM orders WHERE id = $1 AND user_id = $2"
    ))
    .bind(id)
    .bind(user_id)
    .fetch_optional(&mut *conn)
    .await?;
    Ok(with_lines(conn, row.into_iter().collect()).await?.pop())
}

/// An order, kept from others until the transaction ends. `user_id` narrows it to a customer's own.
pub(crate) async fn lock(
    tx: &mut PgConnection,
    id: Uuid,
    user_id: Option<Uuid>,
) -> sqlx::Result<Option<Order>> {
    let row = sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM orders WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2) FOR UPDATE"
    ))
    .bind(id)
    .bind(user_id)
    .fetch_optional(&mut *tx)
    .await?;
    Ok(with_lines(tx, row.into_iter().collect()).await?.pop())
}

/// Some orders that were not paid in time, the oldest first, without those that somebody is working on. Those that this version
/// cannot read are left to a newer one and hold up no other, however many they are.
pub(crate) async fn lock_unpaid(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<Order>> {
    let mut after = None;
    loop {
        let rows = lock_some_unpaid(tx, now, after, limit).await?;
        let Some(last) = rows.last() else { return Ok(Vec::new()) };
        after = Some((last.reserved_until, last.id));
        let orders = each_with_lines(tx, rows).await?.into_iter();
        let readable: Vec<Order> =
            orders.filter_map(|order| order.inspect_err(left_alone).ok()).collect();
        if !readable.is_empty() {
            return Ok(readable);
        }
    }
}

async fn lock_some_unpaid(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<OrderRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM orders WHERE status = 'created' AND reserved_until <= $1
             AND ($2::timestamptz IS NULL OR (reserved_until, id) > ($2, $3))
         ORDER BY reserved_until, id LIMIT $4 FOR UPDATE SKIP LOCKED"
    ))
    .bind(now)
    .bind(after.map(|(reserved_until, _)| reserved_until))
    .bind(after.map(|(_, id)| id))
    .bind(limit)
    .fetch_all(tx)
    .await
}

fn left_alone(error: &sqlx::Error) {
    tracing::error!(%error, "an unpaid order is not cancelled");
}

/// Which of a customer's orders to list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selection {
    /// Whose.
    pub(crate) user_id: Uuid,
    /// Only those that stand there.
    pub(crate) status: Option<Status>,
    /// Only those older than this one.
    pub(crate) after: Option<Uuid>,
}

/// A customer's orders, newest first.
pub(crate) async fn page(
    conn: &mut PgConnection,
    selection: Selection,
    rows: i64,
) -> sqlx::Result<Vec<Order>> {
    let rows = sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM orders WHERE user_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR id < $3)
         ORDER BY id DESC LIMIT $4"
    ))
    .bind(selection.user_id)
    .bind(selection.status.map(Status::name))
    .bind(selection.after)
    .bind(rows)
    .fetch_all(&mut *conn)
    .await?;
    with_lines(conn, rows).await
}

async fn with_lines(conn: &mut PgConnection, rows: Vec<OrderRow>) -> sqlx::Result<Vec<Order>> {
    each_with_lines(conn, rows).await?.into_iter().collect()
}

async fn each_with_lines(
    conn: &mut PgConnection,
    rows: Vec<OrderRow>,
) -> sqlx::Result<Vec<sqlx::Result<Order>>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let items: Vec<ItemRow> = sqlx::query_as(
        "SELECT order_id, product_id, quantity, unit_price FROM order_items WHERE order_id = ANY($1) ORDER BY product_id",
    )
    .bind(ids)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.order(&items)).collect())
}
