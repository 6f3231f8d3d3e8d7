//! `product_images`.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::Images;

/// Adds a product's pictures, in their order.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    product_id: Uuid,
    images: &Images,
) -> Result<(), sqlx::Error> {
    let images = images.as_slice();
    let ids: Vec<_> = images.iter().map(|_| Uuid::now_v7()).collect();
    let urls: Vec<_> = images.iter().map(|image| image.image_url.as_str()).collect();
    let texts: Vec<_> = images.iter().map(|image| image.alt_text.as_str()).collect();
    sqlx::query(
        "insert into product_images (id, product_id, image_url, alt_text, position) \
         select id, $2, url, alt, position - 1 \
         from unnest($1::uuid[], $3::text[], $4::text[]) with ordinality as images (id, url, alt, position)",
    )
    .bind(ids)
    .bind(product_id)
    .bind(urls)
    .bind(texts)
    .execute(connection)
    .await
    .map(drop)
}

/// Puts other pictures in the place of a product's.
pub(crate) async fn replace(
    connection: &mut PgConnection,
    product_id: Uuid,
    images: &Images,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from product_images where product_id = $1")
        .bind(product_id)
        .execute(&mut *connection)
        .await?;
    insert(connection, product_id, images).await
}
