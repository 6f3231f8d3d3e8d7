//! HTTP surface: extract, authorize, hand over to [`crate::orders`], word the answer.

mod listing;
mod orders;
mod payment;
mod shapes;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// All routes of the service.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(orders::router()).merge(listing::router()).merge(payment::router())
}
