//! `GET /api/products/popular` and `GET /api/products/{id}/recommendations`

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::IntoResponse,
};
use ecotrack_chassis::{ApiResult, extract::Path};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    catalogue::{self, Catalogue, Source},
    domain::Suggestion,
};

/// Header of an answer that is a fallback; it names which.
const FALLBACK: HeaderName = HeaderName::from_static("x-fallback");
const POPULAR_PRODUCTS: &str = "popular_products";

/// What is popular.
#[derive(Serialize, ToSchema)]
pub(super) struct Popular {
    items: Vec<Suggestion>,
}

/// What a customer may want besides a product.
#[derive(Serialize, ToSchema)]
pub(super) struct Recommendations {
    items: Vec<Suggestion>,
    /// `bought_together`, or `popular_products` where that is not known.
    #[schema(pattern = "^(bought_together|popular_products)$", example = "bought_together")]
    source: &'static str,
    /// Whether popular products stand in for recommendations.
    fallback: bool,
}

/// The products most ordered in the last 30 days, as they were at most an hour ago.
#[utoipa::path(get, path = "/api/products/popular", operation_id = "popular_products", tag = "catalogue", responses(
    (status = 200, body = Popular),
))]
pub(super) async fn popular(State(catalogue): State<Catalogue>) -> ApiResult<axum::Json<Popular>> {
    Ok(axum::Json(Popular { items: catalogue.popular().await? }))
}

/// What others bought together with a product, as it was at most an hour ago, or, where that is not known in time, what is popular.
#[utoipa::path(get, path = "/api/products/{id}/recommendations", tag = "catalogue", params(("id" = Uuid, Path,)), responses(
    (status = 200, body = Recommendations, headers(
        ("x-fallback" = Option<String>, description = "`popular_products` where these stand in"),
    )),
))]
pub(super) async fn recommendations(
    State(catalogue): State<Catalogue>,
    Path(id): Path<Uuid>,
) -> ApiResult<impl IntoResponse> {
    let catalogue::Recommendations { items, source } = catalogue.recommendations(id).await?;
    let (source, fallback) = match source {
        Source::BoughtTogether => ("bought_together", false),
        Source::PopularProducts => (POPULAR_PRODUCTS, true),
    };
    let mark = fallback.then(|| (FALLBACK, HeaderValue::from_static(POPULAR_PRODUCTS)));
    let headers: HeaderMap = mark.into_iter().collect();
    Ok((headers, axum::Json(Recommendations { items, source, fallback })))
}
