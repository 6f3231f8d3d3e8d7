//! `products`. What is archived is not there any more, for anybody.

use sqlx::{PgConnection, QueryBuilder, types::Json};
use uuid::Uuid;

use super::rows::{PRODUCT, ProductRow};
use crate::domain::{NewProduct, Product, ProductChange, Version};

/// One product.
pub(crate) async fn find(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<Product>, sqlx::Error> {
    let row: Option<ProductRow> = QueryBuilder::new("select ")
        .push(PRODUCT)
        .push(" from products where archived_at is null and products.id = ")
        .push_bind(id)
        .build_query_as()
        .fetch_optional(connection)
        .await?;
    row.map(Product::try_from).transpose()
}

/// Adds a product. Says false when its category does not exist.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    id: Uuid,
    product: &NewProduct,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "insert into products (id, name, description, price, currency, category_id, sustainability_score, \
             sustainability, stock, supplied) \
         select $1, $2, $3, $4, $5, id, $7, $8, $9, $9 from categories where id = $6",
    )
    .bind(id)
    .bind(&product.name)
    .bind(&product.description)
    .bind(product.price.amount_minor())
    .bind(product.price.currency().code())
    .bind(product.category_id)
    .bind(product.score.value())
    .bind(product.score.parts().map(Json))
    .bind(product.stock)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// What a change may depend on.
pub(crate) struct Current {
    pub(crate) version: Version,
    pub(crate) stock: i32,
}

/// A product as it is now, locked until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<Current>, sqlx::Error> {
    let row: Option<(i64, i32)> = sqlx::query_as(
        "select version, stock from products where id = $1 and archived_at is null for no key update",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(version, stock)| Current { version: Version(version), stock }))
}

/// Changes a locked product. Says false when its new category does not exist.
pub(crate) async fn update(
    connection: &mut PgConnection,
    id: Uuid,
    change: &ProductChange,
) -> Result<bool, sqlx::Error> {
    let updated = sqlx::query(
        "update products set name = coalesce($2, name), description = coalesce($3, description), \
             price = coalesce($4, price), currency = coalesce($5, currency), \
             category_id = coalesce($6, category_id), \
             sustainability_score = coalesce($7, sustainability_score), \
             sustainability = case when $7::smallint is null then sustainability else $8 end, \
             stock = stock + $9, supplied = supplied + $9, version = version + 1 \
         where id = $1 and ($6::uuid is null or exists (select from categories where id = $6))",
    )
    .bind(id)
    .bind(&change.name)
    .bind(&change.description)
    .bind(change.price.map(ecotrack_events::Money::amount_minor))
    .bind(change.price.map(|price| price.currency().code()))
    .bind(change.category_id)
    .bind(change.score.map(crate::domain::Score::value))
    .bind(change.score.and_then(crate::domain::Score::parts).map(Json))
    .bind(change.stock_change)
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Takes a locked product out of the catalogue. Its row stays: orders name it.
pub(crate) async fn archive(connection: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query("update products set archived_at = now(), version = version + 1 where id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map(drop)
}
