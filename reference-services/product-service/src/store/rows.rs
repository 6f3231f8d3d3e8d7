//! Rows of `products` with their pictures.

use sqlx::types::Json;
use uuid::Uuid;

use super::money;
use crate::domain::{Image, Product, Sustainability};

/// What a row of a product is selected from: no column more than a product shows.
pub(super) const PRODUCT: &str = "products.id, name, description, price, currency, category_id, \
    sustainability_score, sustainability, stock, version, \
    coalesce((select jsonb_agg(jsonb_build_object('image_url', image_url, 'alt_text', alt_text) order by position) \
        from product_images where product_id = products.id), '[]') as images";

#[derive(sqlx::FromRow)]
pub(super) struct ProductRow {
    id: Uuid,
    name: String,
    description: String,
    price: i64,
    currency: String,
    category_id: Uuid,
    sustainability_score: i16,
    sustainability: Option<Json<Sustainability>>,
    stock: i32,
    version: i64,
    images: Json<Vec<Image>>,
}

impl TryFrom<ProductRow> for Product {
    type Error = sqlx::Error;

    fn try_from(row: ProductRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            name: row.name,
            description: row.description,
            price: money(row.price, &row.currency)?.to_decimal(),
            currency: row.currency,
            category_id: row.category_id,
            sustainability_score: row.sustainability_score,
            sustainability: row.sustainability.map(|Json(parts)| parts),
            available: row.stock,
            images: row.images.0,
            version: row.version,
        })
    }
}
