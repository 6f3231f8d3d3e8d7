//! `reservations`, and the stock they are taken from.
//!
//! Locks are taken in one order by everybody, so that nobody waits in a circle: the order, its reservations, the products by id.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::money;
use crate::domain::{Granted, Line, Offer};

/// How the offers are read: locked, so that what is granted is still there when it is taken.
#[cfg(not(feature = "planted-read-modify-write-stock"))]
const OFFERS: &str = "select id, stock, price, currency from products \
    where id = any($1) and archived_at is null order by id for no key update";
#[cfg(feature = "planted-read-modify-write-stock")]
const OFFERS: &str = "select id, stock, price, currency from products \
    where id = any($1) and archived_at is null order by id";

/// How pieces are taken: from the stock as it is. The table refuses a stock below zero.
#[cfg(not(feature = "planted-read-modify-write-stock"))]
const HOLD: &str = "with wanted as (select * from unnest($2::uuid[], $3::int[]) as wanted (product_id, quantity)), \
    taken as ( \
        update products set stock = products.stock - quantity from wanted where id = product_id \
        returning id, quantity, price, currency) \
    insert into reservations (order_id, product_id, quantity, unit_price, currency, expires_at) \
    select $1, id, quantity, price, currency, $4 from taken";
#[cfg(feature = "planted-read-modify-write-stock")]
const HOLD: &str = "with wanted as (select * from unnest($2::uuid[], $3::int[]) as wanted (product_id, quantity)), \
    seen as (select id as seen_id, stock as seen_stock from products), \
    taken as ( \
        update products set stock = seen_stock - quantity from wanted, seen \
        where id = product_id and id = seen_id \
        returning id, quantity, price, currency) \
    insert into reservations (order_id, product_id, quantity, unit_price, currency, expires_at) \
    select $1, id, quantity, price, currency, $4 from taken";

/// What an order holds, held or not any more.
pub(crate) struct Held {
    pub(crate) granted: Granted,
    /// Until when; for good when there is none.
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// Whether it was given back.
    pub(crate) is_over: bool,
}

/// What was given back of one product (negative: taken), and what there is of it now.
#[derive(sqlx::FromRow)]
pub(crate) struct Returned {
    pub(crate) product_id: Uuid,
    pub(crate) quantity: i32,
    pub(crate) stock: i32,
}

/// Lets requests about one order take turns until the transaction ends.
pub(crate) async fn lock_order(
    connection: &mut PgConnection,
    order_id: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1::text, 0))")
        .bind(order_id)
        .execute(connection)
        .await
        .map(drop)
}

/// What an order holds.
pub(crate) async fn fetch(
    connection: &mut PgConnection,
    order_id: Uuid,
) -> Result<Vec<Held>, sqlx::Error> {
    let rows = sqlx::query(
        "select product_id, quantity, unit_price, currency, expires_at, \
             status in ('released', 'expired') as is_over \
         from reservations where order_id = $1 order by product_id",
    )
    .bind(order_id)
    .fetch_all(connection)
    .await?;
    rows.iter().map(held).collect()
}

fn held(row: &PgRow) -> Result<Held, sqlx::Error> {
    let line = Line { product_id: row.try_get("product_id")?, quantity: row.try_get("quantity")? };
    let unit_price = money(row.try_get("unit_price")?, row.try_get("currency")?)?;
    Ok(Held {
        granted: Granted { line, unit_price },
        expires_at: row.try_get("expires_at")?,
        is_over: row.try_get("is_over")?,
    })
}

/// Whether an order was given up before its reservation arrived.
pub(crate) async fn is_tombstoned(
    connection: &mut PgConnection,
    order_id: Uuid,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select from released_orders where order_id = $1)")
        .bind(order_id)
        .fetch_one(connection)
        .await
}

/// What there is of some products. Locked, in one order for all, until the transaction ends.
pub(crate) async fn lock_offers(
    connection: &mut PgConnection,
    products: &[Uuid],
) -> Result<HashMap<Uuid, Offer>, sqlx::Error> {
    let rows: Vec<(Uuid, i32, i64, String)> =
        sqlx::query_as(OFFERS).bind(products).fetch_all(connection).await?;
    let offer = |(id, stock, price, currency): (Uuid, i32, i64, String)| {
        Ok((id, Offer { stock, price: money(price, &currency)? }))
    };
    rows.into_iter().map(offer).collect()
}

/// Locks products until the transaction ends, in one order for all.
pub(super) async fn lock_products(
    connection: &mut PgConnection,
    products: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query("select from products where id = any($1) order by id for no key update")
        .bind(products)
        .execute(connection)
        .await
        .map(drop)
}

/// Takes lines from the stock and holds them for an order, in one statement.
pub(crate) async fn hold(
    connection: &mut PgConnection,
    order_id: Uuid,
    granted: &[Granted],
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let products: Vec<_> = granted.iter().map(|granted| granted.line.product_id).collect();
    let quantities: Vec<_> = granted.iter().map(|granted| granted.line.quantity).collect();
    sqlx::query(HOLD)
        .bind(order_id)
        .bind(products)
        .bind(quantities)
        .bind(expires_at)
        .execute(connection)
        .await
        .map(drop)
}

/// Gives back what an order still holds. An order that never reserved leaves a tombstone, so that a late reservation is refused.
pub(crate) async fn release(
    connection: &mut PgConnection,
    order_id: Uuid,
) -> Result<Vec<Returned>, sqlx::Error> {
    sqlx::query(
        "insert into released_orders (order_id) select $1 \
         where not exists (select from reservations where order_id = $1) on conflict do nothing",
    )
    .bind(order_id)
    .execute(&mut *connection)
    .await?;
    let products: Vec<Uuid> = sqlx::query_scalar(
        "select product_id from reservations where order_id = $1 and status = 'held' for update",
    )
    .bind(order_id)
    .fetch_all(&mut *connection)
    .await?;
    lock_products(connection, &products).await?;
    sqlx::query_as(
        "with released as ( \
             update reservations set status = 'released' where order_id = $1 and status = 'held' \
             returning product_id, quantity) \
         update products set stock = stock + quantity from released where id = product_id \
         returning id as product_id, quantity, stock",
    )
    .bind(order_id)
    .fetch_all(connection)
    .await
}

/// Holds what an order holds for good: its payment is under way. Says how many lines.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    order_id: Uuid,
) -> Result<u64, sqlx::Error> {
    sqlx::query("update reservations set expires_at = null where order_id = $1 and status = 'held'")
        .bind(order_id)
        .execute(connection)
        .await
        .map(|kept| kept.rows_affected())
}

/// Marks what an order holds as sold. Says how many lines.
pub(crate) async fn sell(
    connection: &mut PgConnection,
    order_id: Uuid,
) -> Result<u64, sqlx::Error> {
    sqlx::query(
        "update reservations set status = 'sold', expires_at = null where order_id = $1 and status = 'held'",
    )
    .bind(order_id)
    .execute(connection)
    .await
    .map(|sold| sold.rows_affected())
}
