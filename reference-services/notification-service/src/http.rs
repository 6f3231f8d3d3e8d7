//! HTTP surface: a user's own notifications, what they want to be told, and what providers report.

mod notifications;
mod preferences;
mod webhooks;

pub(crate) use webhooks::Signatures;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

#[derive(OpenApi)]
#[openapi(info(title = "notification-service", description = "A customer's notifications"))]
struct Document;

/// All routes of the service.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(notifications::router())
        .merge(preferences::router())
        .merge(webhooks::router())
}
