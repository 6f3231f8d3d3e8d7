//! HTTP surface: extract, authorize, hand over to [`crate::payments`], word the answer.

mod payments;
mod refunds;
pub(crate) mod shapes;
mod webhooks;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

#[derive(OpenApi)]
#[openapi(
    info(title = "payment-service", description = "Payments: of exactly what is owed, taken once"),
    components(schemas(shapes::IdempotencyKeyText, webhooks::Speaker))
)]
struct Document;

/// All routes of the service.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(payments::router())
        .merge(refunds::router())
        .merge(webhooks::router())
}
