//! What administrators do to products.

use ecotrack_chassis::{ApiError, ApiResult};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Catalogue;
use crate::{
    domain::{NewProduct, Product, ProductChange},
    store::{images, products},
};

impl Catalogue {
    /// Adds a product with its pictures.
    pub(crate) async fn add(&self, product: &NewProduct) -> ApiResult<Product> {
        let id = Uuid::now_v7();
        let mut transaction = self.database.begin().await?;
        if !products::insert(&mut transaction, id, product).await? {
            return Err(unknown_category());
        }
        images::insert(&mut transaction, id, &product.images).await?;
        let added = read_back(&mut transaction, id).await?;
        let invalidation = self.caches.product_changed(id);
        transaction.commit().await?;
        invalidation.await;
        Ok(added)
    }

    /// Changes a product, if it still is as `if_match` says.
    pub(crate) async fn change(
        &self,
        id: Uuid,
        if_match: &str,
        change: &ProductChange,
    ) -> ApiResult<Product> {
        let mut transaction = self.database.begin().await?;
        let stock = lock(&mut transaction, id, Some(if_match)).await?;
        if stock.checked_add(change.stock_change).is_none_or(|stock| stock < 0) {
            let detail = "less is in stock than is to be taken away";
            return Err(ApiError::conflict("out-of-stock", detail));
        }
        if !products::update(&mut transaction, id, change).await? {
            return Err(unknown_category());
        }
        if let Some(images) = &change.images {
            images::replace(&mut transaction, id, images).await?;
        }
        let changed = read_back(&mut transaction, id).await?;
        let invalidation = self.caches.product_changed(id);
        transaction.commit().await?;
        invalidation.await;
        Ok(changed)
    }

    /// Takes a product out of the catalogue, if it still is as `if_match` says. What orders hold of it they keep.
    pub(crate) async fn archive(&self, id: Uuid, if_match: Option<&str>) -> ApiResult<()> {
        let mut transaction = self.database.begin().await?;
        lock(&mut transaction, id, if_match).await?;
        products::archive(&mut transaction, id).await?;
        let invalidation = self.caches.product_changed(id);
        transaction.commit().await?;
        invalidation.await;
        Ok(())
    }
}

/// Locks a product of the expected version and says its stock.
async fn lock(connection: &mut PgConnection, id: Uuid, if_match: Option<&str>) -> ApiResult<i32> {
    let current = products::lock(connection, id).await?.ok_or_else(ApiError::not_found)?;
    if if_match.is_some_and(|header| !current.version.is_matched_by(header)) {
        return Err(ApiError::new(
            axum::http::StatusCode::PRECONDITION_FAILED,
            "version-differs",
            "the product was changed meanwhile; read it again",
        ));
    }
    Ok(current.stock)
}

async fn read_back(connection: &mut PgConnection, id: Uuid) -> ApiResult<Product> {
    let product = products::find(connection, id).await?;
    product.ok_or_else(|| ApiError::internal(anyhow::anyhow!("product {id} is not there")))
}

fn unknown_category() -> ApiError {
    ApiError::invalid_field("/category_id", "the category does not exist")
}
