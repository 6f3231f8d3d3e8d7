//! Reservations whose time is over, and those that were wanted after all.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::reservations::{Returned, lock_products};

/// Gives back the stock of reservations that ended before a time, at most so many lines, the oldest first. Lines that somebody
/// else works on are left to them.
pub(crate) async fn expire(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Returned>, sqlx::Error> {
    let due: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select order_id, product_id from reservations where status = 'held' and expires_at <= $1 \
         order by expires_at limit $2 for update skip locked",
    )
    .bind(before)
    .bind(most)
    .fetch_all(&mut *connection)
    .await?;
    let (orders, products): (Vec<_>, Vec<_>) = due.into_iter().unzip();
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    lock_products(connection, &products).await?;
    sqlx::query_as(
        "with expired as ( \
             update reservations set status = 'expired' \
             from unnest($1::uuid[], $2::uuid[]) as due (order_id, product_id) \
             where reservations.order_id = due.order_id and reservations.product_id = due.product_id \
             returning reservations.product_id, quantity), \
         back as (select product_id, sum(quantity)::int as quantity from expired group by product_id) \
         update products set stock = stock + quantity from back where id = product_id \
         returning id as product_id, quantity, stock",
    )
    .bind(orders)
    .bind(products)
    .fetch_all(connection)
    .await
}

/// What an order lost when its time was over, line by line, locked until the transaction ends.
pub(crate) async fn lock_expired(
    connection: &mut PgConnection,
    order_id: Uuid,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "select product_id from reservations where order_id = $1 and status = 'expired' \
         order by product_id for update",
    )
    .bind(order_id)
    .fetch_all(connection)
    .await
}

/// Takes an expired line from the stock again, for good, and says what is left; nothing when there was not enough.
pub(crate) async fn take_again(
    connection: &mut PgConnection,
    order_id: Uuid,
    product_id: Uuid,
) -> Result<Option<Returned>, sqlx::Error> {
    sqlx::query_as(
        "with taken as ( \
             update products set stock = stock - quantity from reservations \
             where order_id = $1 and product_id = $2 and status = 'expired' \
               and id = product_id and stock >= quantity \
             returning id, quantity, stock) \
         update reservations set status = 'held', expires_at = null from taken \
         where order_id = $1 and product_id = id \
         returning product_id, -taken.quantity as quantity, stock",
    )
    .bind(order_id)
    .bind(product_id)
    .fetch_optional(connection)
    .await
}

/// Forgets tombstones older than this, at most so many. Says how many.
pub(crate) async fn forget_tombstones(
    connection: &mut PgConnection,
    age: TimeDelta,
    most: i64,
) -> Result<u64, sqlx::Error> {
    sqlx::query(
        "delete from released_orders where order_id in ( \
             select order_id from released_orders where released_at < now() - make_interval(secs => $1) \
             limit $2 for update skip locked)",
    )
    .bind(age.as_seconds_f64())
    .bind(most)
    .execute(connection)
    .await
    .map(|forgotten| forgotten.rows_affected())
}
