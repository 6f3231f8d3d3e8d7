//! HTTP surface: extract, authorize, hand over to [`crate::payments`], word the answer.

mod payments;
mod refunds;
pub(crate) mod shapes;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// All routes of the service.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(payments::router()).merge(refunds::router())
}
