//! `products` and `product_images`.

use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::money;
use crate::domain::{Filter, Image, NewProduct, Product};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    description: String,
    price: i64,
    currency: String,
    category_id: Uuid,
    sustainability_score: i16,
    stock: i32,
    images: Json<Vec<Image>>,
}

impl TryFrom<Row> for Product {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let price = money(row.price, &row.currency)?;
        Ok(Self {
            id: row.id,
            name: row.name,
            description: row.description,
            price: price.to_decimal(),
            currency: row.currency,
            category_id: row.category_id,
            sustainability_score: row.sustainability_score,
            available: row.stock,
            images: row.images.0,
        })
    }
}

/// One product.
pub(crate) async fn find(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<Product>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        "select products.*, images from products, lateral ( \
             select coalesce(jsonb_agg(jsonb_build_object('image_url', image_url, 'alt_text', alt_text) order by id), '[]') \
                 as images from product_images where product_id = products.id) as pictures \
         where products.id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    row.map(Product::try_from).transpose()
}

/// A page of products by id, and one more if there are more.
pub(crate) async fn fetch_page(
    connection: &mut PgConnection,
    filter: &Filter,
) -> Result<Vec<Product>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "with recursive wanted as ( \
             select id from categories where slug = $2 \
             union select below.id from categories below join wanted on below.parent_id = wanted.id) \
         select products.*, images from products, lateral ( \
             select coalesce(jsonb_agg(jsonb_build_object('image_url', image_url, 'alt_text', alt_text) order by id), '[]') \
                 as images from product_images where product_id = products.id) as pictures \
         where ($1::text is null or strpos(lower(name || ' ' || description), lower($1)) > 0) \
           and ($2::text is null or category_id in (select id from wanted)) \
           and sustainability_score >= $3 and ($4::uuid is null or products.id > $4) \
         order by products.id limit $5 + 1",
    )
    .bind(&filter.query)
    .bind(&filter.category)
    .bind(filter.min_sustainability)
    .bind(filter.cursor.map(|cursor| cursor.0))
    .bind(filter.limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Product::try_from).collect()
}

/// Adds a product. Says false when its category does not exist.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    id: Uuid,
    product: &NewProduct,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "insert into products (id, name, description, price, currency, category_id, sustainability_score, stock) \
         select $1, $2, $3, $4, $5, id, $7, $8 from categories where id = $6",
    )
    .bind(id)
    .bind(&product.name)
    .bind(&product.description)
    .bind(product.price.amount_minor())
    .bind(product.price.currency().code())
    .bind(product.category_id)
    .bind(product.sustainability_score)
    .bind(product.stock)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Adds a product's pictures.
pub(crate) async fn insert_images(
    connection: &mut PgConnection,
    product_id: Uuid,
    images: &[Image],
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = images.iter().map(|_| Uuid::now_v7()).collect();
    let urls: Vec<_> = images.iter().map(|image| image.image_url.as_str()).collect();
    let texts: Vec<_> = images.iter().map(|image| image.alt_text.as_str()).collect();
    sqlx::query(
        "insert into product_images (id, product_id, image_url, alt_text) \
         select id, $2, url, alt from unnest($1::uuid[], $3::text[], $4::text[]) as images (id, url, alt)",
    )
    .bind(ids)
    .bind(product_id)
    .bind(urls)
    .bind(texts)
    .execute(connection)
    .await
    .map(drop)
}
