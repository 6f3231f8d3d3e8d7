//! Orders in the database. Each function is one or two statements on the connection it is given.

pub(crate) mod history;
pub(crate) mod intents;
mod reading;
mod rows;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::change::{Actor, Change};
use crate::domain::order::{Line, Order};
use crate::domain::status::Status;

pub(crate) use reading::{Selection, find, lock, lock_unpaid, page};

/// Writes a new order with its lines and the first entry of its history.
pub(crate) async fn insert(tx: &mut PgConnection, order: &Order) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO orders (id, user_id, status, total_amount, currency, payment_method, created_at, updated_at, reserved_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
    )
    .bind(order.id)
    .bind(order.user_id)
    .bind(order.status.name())
    .bind(order.total.amount_minor())
    .bind(order.total.currency().code())
    .bind(order.payment_method.name())
    .bind(order.created_at)
    .bind(order.reserved_until)
    .execute(&mut *tx)
    .await?;
    insert_lines(tx, order).await?;
    history::append(tx, order, Actor::Customer, None).await
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

/// Moves an order on from where it stood to the status it has reached, and notes by whom and why.
pub(crate) async fn advance(
    tx: &mut PgConnection,
    order: &Order,
    from: Status,
    change: Change,
) -> sqlx::Result<()> {
    let moved = sqlx::query(
        "UPDATE orders SET status = $3, updated_at = $4, payment_id = $5 WHERE id = $1 AND status = $2",
    )
    .bind(order.id)
    .bind(from.name())
    .bind(order.status.name())
    .bind(order.updated_at)
    .bind(order.payment_id)
    .execute(&mut *tx)
    .await?;
    // Nobody else can have moved it: the row is locked. If it was not, nothing of this may be committed.
    if moved.rows_affected() != 1 {
        return Err(sqlx::Error::RowNotFound);
    }
    history::append(tx, order, change.actor(), change.reason()).await
}

/// Lets placements of one customer take turns until the transaction ends.
pub(crate) async fn lock_customer(tx: &mut PgConnection, user_id: Uuid) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('open-orders:' || $1::text, 0))")
        .bind(user_id)
        .execute(tx)
        .await
        .map(drop)
}

/// Orders of a customer that are neither paid nor ended, with those that are being placed right now, one excepted. An attempt that
/// broke is none of them: there is nothing that could be paid or cancelled.
pub(crate) async fn count_open(
    tx: &mut PgConnection,
    user_id: Uuid,
    except: Uuid,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM orders WHERE user_id = $1 AND status IN ('created', 'payment_pending'))
              + (SELECT count(*) FROM reservation_intents AS attempt JOIN idempotency_keys AS key ON key.subject_id = attempt.order_id
                 WHERE attempt.user_id = $1 AND NOT attempt.is_releasing AND attempt.order_id <> $2
                     AND key.status IS NULL AND key.locked_until > now())",
    )
    .bind(user_id)
    .bind(except)
    .fetch_one(tx)
    .await
}
