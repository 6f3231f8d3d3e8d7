//! `reservations`, and the stock they are taken from.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::money;
use crate::domain::{Granted, Line, Offer};

/// What an order holds, held or not any more.
pub(crate) struct Held {
    pub(crate) granted: Granted,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) is_released: bool,
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
        "select product_id, quantity, unit_price, currency, expires_at, status = 'released' as is_released \
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
        is_released: row.try_get("is_released")?,
    })
}

/// What there is of some products. Locked, in one order for all, until the transaction ends.
pub(crate) async fn lock_offers(
    connection: &mut PgConnection,
    products: &[Uuid],
) -> Result<HashMap<Uuid, Offer>, sqlx::Error> {
    let rows: Vec<(Uuid, i32, i64, String)> = sqlx::query_as(
        "select id, stock, price, currency from products where id = any($1) order by id for update",
    )
    .bind(products)
    .fetch_all(connection)
    .await?;
    let offer = |(id, stock, price, currency): (Uuid, i32, i64, String)| {
        Ok((id, Offer { stock, price: money(price, &currency)? }))
    };
    rows.into_iter().map(offer).collect()
}

/// Takes lines from the stock and holds them for an order, in one statement. The table refuses a stock below zero.
pub(crate) async fn hold(
    connection: &mut PgConnection,
    order_id: Uuid,
    granted: &[Granted],
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let products: Vec<_> = granted.iter().map(|granted| granted.line.product_id).collect();
    let quantities: Vec<_> = granted.iter().map(|granted| granted.line.quantity).collect();
    sqlx::query(
        "with wanted as (select * from unnest($2::uuid[], $3::int[]) as wanted (product_id, quantity)), \
         taken as ( \
             update products set stock = stock - wanted.quantity from wanted where id = wanted.product_id \
             returning id, wanted.quantity, price, currency) \
         insert into reservations (order_id, product_id, quantity, unit_price, currency, expires_at) \
         select $1, id, quantity, price, currency, $4 from taken",
    )
    .bind(order_id)
    .bind(products)
    .bind(quantities)
    .bind(expires_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Gives back what an order still holds, in one statement. Says which products got something back.
pub(crate) async fn release(
    connection: &mut PgConnection,
    order_id: Uuid,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "with released as ( \
             update reservations set status = 'released' where order_id = $1 and status = 'held' \
             returning product_id, quantity) \
         update products set stock = stock + released.quantity from released where id = released.product_id \
         returning id",
    )
    .bind(order_id)
    .fetch_all(connection)
    .await
}

/// Marks what an order holds as sold. Says how many lines.
pub(crate) async fn sell(
    connection: &mut PgConnection,
    order_id: Uuid,
) -> Result<u64, sqlx::Error> {
    let sold = sqlx::query(
        "update reservations set status = 'sold' where order_id = $1 and status = 'held'",
    )
    .bind(order_id)
    .execute(connection)
    .await?;
    Ok(sold.rows_affected())
}
