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
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    answers::{NotAdmin, Outdated},
    if_match::{IfMatch, MaybeIfMatch},
    products::tagged,
};
use crate::{
    catalogue::Catalogue,
    domain::{
        ChangeDraft, Image, NewProduct, Product, ProductChange, ProductDraft, Sustainability,
    },
};

/// A new product. Its score is given alone or by its parts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddProduct {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^(?!\s*$)[^\x00-\x1f\x7f-\x9f]*$",
        example = "Reusable cup"
    )]
    name: String,
    #[serde(default)]
    #[schema(max_length = 5000, pattern = r"^[^\x00]*$", example = "Holds tea.")]
    description: String,
    /// Decimal text, at most `1000000.00`.
    #[schema(pattern = r"^[0-9]{1,6}\.[0-9]{2}$", example = "12.50")]
    price: String,
    /// EUR, USD or GBP.
    #[schema(pattern = "^(EUR|USD|GBP)$", example = "EUR")]
    currency: String,
    #[schema(example = "01900000-0000-7000-8000-0000000000c2")]
    category_id: Uuid,
    #[schema(minimum = 0, maximum = 100, example = 70)]
    sustainability_score: Option<i16>,
    sustainability: Option<Sustainability>,
    /// Pieces there are.
    #[schema(minimum = 0, maximum = 1_000_000, example = 5)]
    stock: i32,
    /// The first one first.
    #[serde(default)]
    #[schema(max_items = 10)]
    images: Vec<Image>,
}

/// What is to be different; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeProduct {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^(?!\s*$)[^\x00-\x1f\x7f-\x9f]*$",
        example = "Reusable cup"
    )]
    name: Option<String>,
    #[schema(max_length = 5000, pattern = r"^[^\x00]*$", example = "Holds coffee.")]
    description: Option<String>,
    /// Decimal text, at most `1000000.00`; together with its currency.
    #[schema(pattern = r"^[0-9]{1,6}\.[0-9]{2}$", example = "13.50")]
    price: Option<String>,
    /// EUR, USD or GBP; together with the price.
    #[schema(pattern = "^(EUR|USD|GBP)$", example = "EUR")]
    currency: Option<String>,
    #[schema(example = "01900000-0000-7000-8000-0000000000c2")]
    category_id: Option<Uuid>,
    #[schema(minimum = 0, maximum = 100, example = 75)]
    sustainability_score: Option<i16>,
    sustainability: Option<Sustainability>,
    /// Pieces that came or, negative, went; not the stock itself, as orders take from it at the same time.
    #[schema(minimum = -1_000_000, maximum = 1_000_000, example = 10)]
    stock_change: Option<i32>,
    /// In place of all there were.
    #[schema(max_items = 10)]
    images: Option<Vec<Image>>,
}

/// Adds a product.
#[utoipa::path(post, path = "/api/products", operation_id = "add_product", tag = "administration", request_body = AddProduct, security(("bearer" = [])), responses(
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
#[utoipa::path(patch, path = "/api/products/{id}", operation_id = "change_product", tag = "administration", request_body = ChangeProduct, security(("bearer" = [])),
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

impl From<AddProduct> for ProductDraft {
    fn from(request: AddProduct) -> Self {
        Self {
            name: request.name,
            description: request.description,
            price: request.price,
            currency: request.currency,
            category_id: request.category_id,
            sustainability_score: request.sustainability_score,
            sustainability: request.sustainability,
            stock: request.stock,
            images: request.images,
        }
    }
}

impl From<ChangeProduct> for ChangeDraft {
    fn from(request: ChangeProduct) -> Self {
        Self {
            name: request.name,
            description: request.description,
            price: request.price,
            currency: request.currency,
            category_id: request.category_id,
            sustainability_score: request.sustainability_score,
            sustainability: request.sustainability,
            stock_change: request.stock_change,
            images: request.images,
        }
    }
}
