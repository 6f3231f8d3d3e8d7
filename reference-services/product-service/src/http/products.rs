//! `GET /api/products/{id}`

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::IntoResponse,
};
use ecotrack_chassis::{ApiError, ApiResult, extract::Path};
use uuid::Uuid;

use crate::{
    catalogue::Catalogue,
    domain::{Product, Version},
};

/// One product.
#[utoipa::path(get, path = "/api/products/{id}", operation_id = "product", tag = "catalogue", params(("id" = Uuid, Path,)), responses(
    (status = 200, body = Product, headers(("etag" = String, description = "Its version, for If-Match"))),
))]
pub(super) async fn by_id(
    State(catalogue): State<Catalogue>,
    Path(id): Path<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let product = catalogue.find(id).await?.ok_or_else(ApiError::not_found)?;
    tagged(product)
}

/// A product with its version as entity tag.
pub(super) fn tagged(product: Product) -> ApiResult<(HeaderMap, axum::Json<Product>)> {
    let tag = HeaderValue::try_from(Version(product.version).to_string());
    let tag = tag.map_err(ApiError::internal)?;
    Ok((HeaderMap::from_iter([(header::ETAG, tag)]), axum::Json(product)))
}
