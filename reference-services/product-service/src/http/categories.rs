//! `/api/products/categories`: read by everybody, changed by administrators.

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
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::NotAdmin;
use crate::{
    catalogue::Catalogue,
    domain::{Category, CategoryChange, NewCategory, Place},
};

/// The tree of categories: its roots, each with those below it.
#[derive(Serialize, ToSchema)]
pub(super) struct Categories {
    items: Vec<Category>,
}

/// A new category.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddCategory {
    /// What the `category` filter takes; it never changes.
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60, example = "cleaning")]
    slug: String,
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^(?!\s*$)[^\x00-\x1f\x7f-\x9f]*$",
        example = "Cleaning"
    )]
    name: String,
    #[serde(default)]
    #[schema(max_length = 5000, pattern = r"^[^\x00]*$", example = "Without a trace")]
    description: String,
    /// The category above; none for a root.
    #[schema(example = "01900000-0000-7000-8000-0000000000c1")]
    parent_id: Option<Uuid>,
}

/// What is to be different; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeCategory {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^(?!\s*$)[^\x00-\x1f\x7f-\x9f]*$",
        example = "Cleaning"
    )]
    name: Option<String>,
    #[schema(max_length = 5000, pattern = r"^[^\x00]*$", example = "Without a trace")]
    description: Option<String>,
    /// The category to stand below; null makes it a root.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    parent_id: Place,
}

/// All categories.
#[utoipa::path(get, path = "/api/products/categories", operation_id = "categories", tag = "catalogue", responses(
    (status = 200, body = Categories),
))]
pub(super) async fn all(State(catalogue): State<Catalogue>) -> ApiResult<axum::Json<Categories>> {
    Ok(axum::Json(Categories { items: catalogue.categories().await? }))
}

/// One category and those below it.
#[utoipa::path(get, path = "/api/products/categories/{id}", operation_id = "category", tag = "catalogue", params(("id" = Uuid, Path,)), responses(
    (status = 200, body = Category),
))]
pub(super) async fn by_id(
    State(catalogue): State<Catalogue>,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<Category>> {
    catalogue.category(id).await.map(axum::Json)
}

/// Adds a category.
#[utoipa::path(post, path = "/api/products/categories", operation_id = "add_category", tag = "administration", request_body = AddCategory, security(("bearer" = [])), responses(
    (status = 201, body = Category, headers(("location" = String, description = "Where it is"))),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "The slug is taken, or there are 1000 already"),
    NotAdmin,
))]
pub(super) async fn add(
    _: Admin,
    State(catalogue): State<Catalogue>,
    Json(request): Json<AddCategory>,
) -> ApiResult<impl IntoResponse> {
    let AddCategory { slug, name, description, parent_id } = request;
    let category =
        NewCategory::parse(slug, &name, description, parent_id).map_err(ApiError::invalid)?;
    let added = catalogue.add_category(&category).await?;
    let location = format!("/api/products/categories/{}", added.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(added)))
}

/// Renames a category, or moves it with all below it.
#[utoipa::path(patch, path = "/api/products/categories/{id}", operation_id = "change_category", tag = "administration", request_body = ChangeCategory,
    security(("bearer" = [])), params(("id" = Uuid, Path,)), responses(
    (status = 200, body = Category),
    NotAdmin,
))]
pub(super) async fn change(
    _: Admin,
    State(catalogue): State<Catalogue>,
    Path(id): Path<Uuid>,
    Json(request): Json<ChangeCategory>,
) -> ApiResult<axum::Json<Category>> {
    let ChangeCategory { name, description, parent_id } = request;
    let change = CategoryChange::parse(name.as_deref(), description, parent_id)
        .map_err(ApiError::invalid)?;
    catalogue.change_category(id, &change).await.map(axum::Json)
}
