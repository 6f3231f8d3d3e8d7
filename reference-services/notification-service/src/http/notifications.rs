//! A user's own notifications.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::extract::Path;
use ecotrack_chassis::page::{Page, PageQuery};
use ecotrack_chassis::{ApiError, ApiResult};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::domain::notification::Notification;
use crate::state::AppState;
use crate::store;

/// The routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_notifications)).routes(routes!(get_notification))
}

/// A notification. Its text is not kept.
#[derive(Debug, Serialize, ToSchema)]
struct NotificationView {
    notification_id: Uuid,
    user_id: Uuid,
    /// `email` or `sms`.
    #[schema(example = "email")]
    channel: &'static str,
    /// Name of the template, for example `welcome`.
    #[schema(example = "welcome")]
    template: String,
    /// `pending`, `sent`, `delivered`, `failed` or `bounced`.
    #[schema(example = "delivered")]
    status: &'static str,
    /// Why it failed, in a word.
    failure_reason: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Notification> for NotificationView {
    fn from(notification: Notification) -> Self {
        Self {
            notification_id: notification.id,
            user_id: notification.user_id,
            channel: notification.channel.name(),
            template: notification.template,
            status: notification.status.name(),
            failure_reason: notification.failure_reason,
            created_at: notification.created_at,
            updated_at: notification.updated_at,
        }
    }
}

/// The caller's notifications, newest first.
#[utoipa::path(get, path = "/api/notifications", tag = "notifications", params(PageQuery<Uuid>), security(("bearer" = [])),
    responses(
        (status = 200, description = "a page", body = Page<NotificationView>)))]
async fn list_notifications(
    State(state): State<AppState>,
    caller: Caller,
    query: PageQuery<Uuid>,
) -> ApiResult<Json<Page<NotificationView>>> {
    let mut conn = state.database.acquire().await?;
    let found =
        store::page(&mut conn, caller.user_id, query.after, query.limit.with_lookahead()).await?;
    let page = Page::new(found, query.limit, |notification| notification.id);
    Ok(Json(page.map(NotificationView::from)))
}

/// One of the caller's notifications. Somebody else's is not there.
#[utoipa::path(get, path = "/api/notifications/{notification_id}", tag = "notifications",
    params(("notification_id" = Uuid, Path)), security(("bearer" = [])),
    responses(
        (status = 200, description = "the notification", body = NotificationView)))]
async fn get_notification(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<Json<NotificationView>> {
    let mut conn = state.database.acquire().await?;
    let notification =
        store::find(&mut conn, id, caller.user_id).await?.ok_or_else(ApiError::not_found)?;
    Ok(Json(notification.into()))
}
