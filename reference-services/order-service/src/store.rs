//! Orders in the database. Each function is one or two statements on the connection it is given.

mod rows;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::order::{Line, Order};
use crate::domain::status::Status;
use rows::{ItemRow, OrderRow};

/// Writes a new order with its lines and the first entry of its history.
pub(crate) async fn insert(tx: &mut PgConnection, order: &Order) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO orders (id, user_id, status, total_amount, currency, payment_method, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
    )
    .bind(order.id)
    .bind(order.user_id)
    .bind(order.status.name())
    .bind(order.total.amount_minor())
    .bind(order.total.currency().code())
    .bind(order.payment_method.name())
    .bind(order.created_at)
    .execute(&mut *tx)
    .await?;
    insert_lines(tx, order).await?;
    record(tx, order.id, order.status, order.created_at, None).await
}

async fn insert_lines(tx: &mut PgConnection, order: &Order) -> sqlx::Result<()> {
    let column = |value: fn(&Line) -> i64| order.lines.iter().map(value).collect::<Vec<_>>();
    sqlx::query(
        "INSERT INTO order_items (id, order_id, product_id, quantity, unit_price)
         SELECT id, $1, product_id, quantity::int, unit_price
         FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[]) AS line (id, product_id, quantity, unit_price)",
    )
    .bind(order.id)
    .bind(order.lines.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind(order.lines.iter().map(|line| line.product_id).collect::<Vec<_>>())
    .bind(column(|line| i64::from(line.quantity)))
    .bind(column(|line| line.unit_price.amount_minor()))
    .execute(tx)
    .await
    .map(drop)
}

/// Moves an order to the status it has reached, and notes why.
pub(crate) async fn advance(
    tx: &mut PgConnection,
    order: &Order,
    notes: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE orders SET status = $2, updated_at = $3 WHERE id = $1")
        .bind(order.id)
        .bind(order.status.name())
        .bind(order.updated_at)
        .execute(&mut *tx)
        .await?;
    record(tx, order.id, order.status, order.updated_at, notes).await
}

async fn record(
    tx: &mut PgConnection,
    order_id: Uuid,
    status: Status,
    at: DateTime<Utc>,
    notes: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO order_history (id, order_id, status, changed_at, notes) VALUES ($1, $2, $3, $4, $5)")
        .bind(Uuid::now_v7())
        .bind(order_id)
        .bind(status.name())
        .bind(at)
        .bind(notes)
        .execute(tx)
        .await
        .map(drop)
}

/// A customer's order. Somebody else's is not found.
pub(crate) async fn find(
    conn: &mut PgConnection,
    id: Uuid,
    user_id: Uuid,
) -> sqlx::Result<Option<Order>> {
    let row: Option<OrderRow> =
        sqlx::query_as("SELECT * FROM orders WHERE id = $1 AND user_id = $2")
            .bind(id)
            .bind(user_id)
            .fetch_optional(&mut *conn)
            .await?;
    match row {
        Some(row) => Ok(with_lines(conn, vec![row]).await?.pop()),
        None => Ok(None),
    }
}

/// An order, kept from others until the transaction ends. `user_id` narrows it to a customer's own.
pub(crate) async fn lock(
    tx: &mut PgConnection,
    id: Uuid,
    user_id: Option<Uuid>,
) -> sqlx::Result<Option<Order>> {
    let row: Option<OrderRow> = sqlx::query_as(
        "SELECT * FROM orders WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2) FOR UPDATE",
    )
    .bind(id)
    .bind(user_id)
    .fetch_optional(&mut *tx)
    .await?;
    match row {
        Some(row) => Ok(with_lines(tx, vec![row]).await?.pop()),
        None => Ok(None),
    }
}

/// A customer's orders, newest first, from before a given one on.
pub(crate) async fn page(
    conn: &mut PgConnection,
    user_id: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<Order>> {
    let rows: Vec<OrderRow> = sqlx::query_as(
        "SELECT * FROM orders WHERE user_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
    )
    .bind(user_id)
    .bind(before)
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    with_lines(conn, rows).await
}

async fn with_lines(conn: &mut PgConnection, rows: Vec<OrderRow>) -> sqlx::Result<Vec<Order>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let items: Vec<ItemRow> = sqlx::query_as(
        "SELECT order_id, product_id, quantity, unit_price FROM order_items WHERE order_id = ANY($1) ORDER BY product_id",
    )
    .bind(ids)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| row.order(&items)).collect()
}
