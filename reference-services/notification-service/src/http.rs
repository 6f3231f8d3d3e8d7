//! HTTP surface: a user's own notifications.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::extract::{Path, Query};
use ecotrack_chassis::{ApiError, ApiResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::domain::notification::Notification;
use crate::state::AppState;
use crate::store;

const USUAL_PAGE: i64 = 20;
const LARGEST_PAGE: i64 = 100;

#[derive(OpenApi)]
#[openapi(info(title = "notification-service", description = "A customer's notifications"))]
struct Document;

/// All routes of the service.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(list_notifications))
        .routes(routes!(get_notification))
}

/// A notification. Its text is not kept.
#[derive(Debug, Serialize, ToSchema)]
struct NotificationView {
    notification_id: Uuid,
    user_id: Uuid,
    /// `email` or `sms`.
    channel: &'static str,
    /// Name of the template, for example `welcome`.
    template: String,
    /// `pending`, `sent`, `delivered` or `failed`.
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

/// A page of notifications, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct NotificationPage {
    /// The notifications.
    items: Vec<NotificationView>,
    /// Ask with this for the next page; absent on the last one.
    next_cursor: Option<Uuid>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Page {
    /// At most so many, 1 to 100.
    limit: Option<i64>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

/// The caller's notifications, newest first.
#[utoipa::path(get, path = "/api/notifications", tag = "notifications", params(Page), security(("bearer" = [])),
    responses((status = 200, body = NotificationPage)))]
async fn list_notifications(
    State(state): State<AppState>,
    caller: Caller,
    Query(page): Query<Page>,
) -> ApiResult<Json<NotificationPage>> {
    let limit = page.limit.unwrap_or(USUAL_PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(ApiError::invalid_field("/limit", "must be 1 to 100"));
    }
    let before = page.cursor.map(|cursor| Uuid::parse_str(&cursor)).transpose();
    let before = before
        .map_err(|error| ApiError::bad_request("the cursor is not one of ours").caused_by(error))?;
    let mut conn = state.database.acquire().await?;
    let mut found = store::page(&mut conn, caller.user_id, before, limit + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|found| found > limit);
    if more {
        found.pop();
    }
    let next_cursor = found.last().filter(|_| more).map(|notification| notification.id);
    Ok(Json(NotificationPage {
        items: found.into_iter().map(NotificationView::from).collect(),
        next_cursor,
    }))
}

/// One of the caller's notifications. Somebody else's is not there.
#[utoipa::path(get, path = "/api/notifications/{notification_id}", tag = "notifications",
    params(("notification_id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, body = NotificationView), (status = 404, description = "not there, or not the caller's")))]
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
