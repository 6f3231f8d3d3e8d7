//! `GET /api/products/categories`

use axum::{Json, extract::State};
use ecotrack_chassis::ApiResult;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{catalogue::Catalogue, domain::Category};

/// The tree of categories.
#[derive(Serialize, ToSchema)]
pub(super) struct Categories {
    items: Vec<Category>,
}

/// All categories.
#[utoipa::path(get, path = "/api/products/categories", responses((status = 200, body = Categories)))]
pub(super) async fn all(State(catalogue): State<Catalogue>) -> ApiResult<Json<Categories>> {
    Ok(Json(Categories { items: catalogue.categories().await? }))
}
