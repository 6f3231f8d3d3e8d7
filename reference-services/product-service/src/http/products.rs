//! `GET /api/products`, `GET /api/products/{id}`, `POST /api/products`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use ecotrack_chassis::{
    ApiError, ApiResult,
    auth::Caller,
    error::Problem,
    extract::{Json, Path, Query},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    catalogue::Catalogue,
    domain::{Filter, Image, NewProduct, Product, ProductDraft},
};

/// Role of those who may change the catalogue.
const ADMIN: &str = "admin";

/// What somebody looks for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// Text in name or description, at most 100 characters.
    query: Option<String>,
    /// Slug of a category; those below it count.
    category: Option<String>,
    /// 0 to 100.
    min_sustainability: Option<i16>,
    /// 1 to 100, else 20.
    limit: Option<i64>,
    /// Where a page before this one ended.
    cursor: Option<String>,
}

/// A page of products.
#[derive(Serialize, ToSchema)]
pub(super) struct Products {
    items: Vec<Product>,
    /// Where the next page begins; absent on the last one.
    next_cursor: Option<String>,
}

/// A new product.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddProduct {
    name: String,
    #[serde(default)]
    description: String,
    /// Decimal text, for example `12.50`.
    price: String,
    /// ISO 4217.
    currency: String,
    category_id: Uuid,
    sustainability_score: i16,
    stock: i32,
    #[serde(default)]
    images: Vec<Image>,
}

/// Searches the catalogue.
#[utoipa::path(get, path = "/api/products", params(Search), responses(
    (status = 200, body = Products),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn search(
    State(catalogue): State<Catalogue>,
    Query(search): Query<Search>,
) -> ApiResult<axum::Json<Products>> {
    let Search { query, category, min_sustainability, limit, cursor } = search;
    let filter = Filter::parse(query, category, min_sustainability, limit, cursor.as_deref())?;
    let page = catalogue.search(&filter).await?;
    let next_cursor = page.next_cursor.map(|cursor| cursor.to_string());
    Ok(axum::Json(Products { items: page.items, next_cursor }))
}

/// One product.
#[utoipa::path(get, path = "/api/products/{id}", params(("id" = Uuid, Path,)), responses(
    (status = 200, body = Product),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn by_id(
    State(catalogue): State<Catalogue>,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<Product>> {
    catalogue.find(id).await?.map(axum::Json).ok_or_else(ApiError::not_found)
}

/// Adds a product; for administrators.
#[utoipa::path(post, path = "/api/products", request_body = AddProduct, security(("bearer" = [])), responses(
    (status = 201, body = Product),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn add(
    caller: Caller,
    State(catalogue): State<Catalogue>,
    Json(request): Json<AddProduct>,
) -> ApiResult<impl IntoResponse> {
    caller.require_role(ADMIN)?;
    let product = NewProduct::parse(&request.draft()).map_err(ApiError::invalid)?;
    let id = catalogue.add(&product, &request.images).await?;
    let added = catalogue.find(id).await?.ok_or_else(ApiError::not_found)?;
    let location = format!("/api/products/{id}");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(added)))
}

impl AddProduct {
    fn draft(&self) -> ProductDraft<'_> {
        ProductDraft {
            name: &self.name,
            description: &self.description,
            price: &self.price,
            currency: &self.currency,
            category_id: self.category_id,
            sustainability_score: self.sustainability_score,
            stock: self.stock,
        }
    }
}
