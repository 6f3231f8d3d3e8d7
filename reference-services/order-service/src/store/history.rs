//! `order_history`: every step, in the transaction that makes it, and never again.

use sqlx::PgConnection;
use uuid::Uuid;

use super::rows::HistoryRow;
use crate::domain::change::Actor;
use crate::domain::history::Entry;
use crate::domain::order::Order;

/// Notes the step an order has just made.
pub(super) async fn append(
    tx: &mut PgConnection,
    order: &Order,
    actor: Actor,
    reason: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO order_history (id, order_id, status, changed_at, actor, notes) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(Uuid::now_v7())
    .bind(order.id)
    .bind(order.status.name())
    .bind(order.updated_at)
    .bind(actor.name())
    .bind(reason)
    .execute(tx)
    .await
    .map(drop)
}

/// The steps of a customer's order as they were written, whatever clocks said, the first one first: at least one, unless the order
/// is somebody else's or nobody's. An order has a handful of steps, so there are no pages.
pub(crate) async fn of(
    conn: &mut PgConnection,
    order_id: Uuid,
    user_id: Uuid,
) -> sqlx::Result<Vec<Entry>> {
    let rows: Vec<HistoryRow> = sqlx::query_as(
        "SELECT h.status, h.changed_at, h.actor, h.notes FROM order_history h JOIN orders o ON o.id = h.order_id
         WHERE o.id = $1 AND o.user_id = $2 ORDER BY h.position",
    )
    .bind(order_id)
    .bind(user_id)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(HistoryRow::entry).collect()
}
