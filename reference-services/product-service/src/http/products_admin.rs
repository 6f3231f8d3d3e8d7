//! `POST /api/products`, `PATCH /api/products/{id}`, `DELETE /api/products/{id}`: for administrators.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use ecotrack_chassis::{
    ApiError, ApiResult,
    auth::Admin,
    error::Problem,
    extract::{Json, Path},
};
use uuid::Uuid;

use super::{
    answers::{NotAdmin, Outdated},
    if_match::{IfMatch, MaybeIfMatch},
    product_requests::{AddProduct, AddProductDescribed, ChangeProduct, ChangeProductDescribed},
    products::tagged,
};
use crate::{
    catalogue::Catalogue,
    domain::{NewProduct, Product, ProductChange},
};

/// Adds a product.
#[utoipa::path(post, path = "/api/products", operation_id = "add_product", tag = "administration", request_body = AddProductDescribed, security(("bearer" = [])), responses(
    (status = 201, body = Product, headers(
        ("etag" = String, description = "Its version, for If-Match"),
        ("location" = String, description = "Where it is"),
    )),
    NotAdmin,
))]
pub(super) async fn add(
    _: Admin,
    State(catalogue): State<Catalogue>,
    Json(request): Json<AddProduct>,
) -> ApiResult<impl IntoResponse> {
    let product = NewProduct::parse(request.into()).map_err(ApiError::invalid)?;
    let added = catalogue.add(&product).await?;
    let location = format!("/api/products/{}", added.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], tagged(added)?))
}

/// Changes a product.
#[utoipa::path(patch, path = "/api/products/{id}", operation_id = "change_product", tag = "administration", request_body = ChangeProductDescribed, security(("bearer" = [])),
    params(("id" = Uuid, Path,), ("If-Match" = String, Header, description = "The entity tag it was read with", example = "*")),
    responses(
    (status = 200, body = Product, headers(("etag" = String, description = "Its new version"))),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "Less in stock than is to go"),
    (status = 428, body = Problem, content_type = "application/problem+json", description = "No If-Match"),
    Outdated, NotAdmin,
))]
pub(super) async fn change(
    _: Admin,
    State(catalogue): State<Catalogue>,
    Path(id): Path<Uuid>,
    if_match: IfMatch,
    Json(request): Json<ChangeProduct>,
) -> ApiResult<impl IntoResponse> {
    let change = ProductChange::parse(request.into()).map_err(ApiError::invalid)?;
    tagged(catalogue.change(id, if_match.header(), &change).await?)
}

/// Takes a product out of the catalogue. What orders hold of it they keep.
#[utoipa::path(delete, path = "/api/products/{id}", operation_id = "archive_product", tag = "administration", security(("bearer" = [])),
    params(("id" = Uuid, Path,), ("If-Match" = Option<String>, Header, description = "The entity tag it was read with", example = "*")),
    responses(
    (status = 204, description = "It is not there any more"),
    Outdated, NotAdmin,
))]
pub(super) async fn archive(
    _: Admin,
    State(catalogue): State<Catalogue>,
    Path(id): Path<Uuid>,
    if_match: MaybeIfMatch,
) -> ApiResult<StatusCode> {
    catalogue.archive(id, if_match.header()).await.map(|()| StatusCode::NO_CONTENT)
}
