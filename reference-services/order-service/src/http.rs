//! HTTP surface: extract, authorize, hand over to [`crate::orders`], word the answer.

mod listing;
mod orders;
mod payment;
mod shapes;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "order-service",
        description = "Orders: placed once, priced by the catalogue, followed to their end"
    ),
    components(schemas(orders::IdempotencyKeyText))
)]
struct Document;

/// All routes of the service.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(orders::router())
        .merge(listing::router())
        .merge(payment::router())
}
