//! `GET /api/users/me/sessions` and `DELETE /api/users/me/sessions/{id}`

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use ecotrack_chassis::{
    ApiError, ApiResult,
    extract::Path,
    page::{Page, PageQuery},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::callers::SignedIn;
use crate::{metrics::Metrics, sessions::Sessions, store::sessions::Summary};

/// One of the caller's sessions.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionBody {
    session_id: Uuid,
    started_at: DateTime<Utc>,
    /// When it ends if it is not refreshed.
    expires_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    is_current: bool,
}

impl SessionBody {
    fn new(session: &Summary, current: Uuid) -> Self {
        let Summary { session_id, started_at, expires_at } = *session;
        Self { session_id, started_at, expires_at, is_current: session_id == current }
    }
}

/// The caller's living sessions, newest first.
#[utoipa::path(get, path = "/api/users/me/sessions", tag = "sessions", params(PageQuery), security(("bearer" = [])), responses(
    (status = 200, description = "A page of sessions", body = Page<SessionBody>),
))]
pub(super) async fn list(
    SignedIn(caller): SignedIn,
    State(sessions): State<Sessions>,
    page: PageQuery,
) -> ApiResult<axum::Json<Page<SessionBody>>> {
    let found = sessions.list(caller.user_id, page).await?;
    Ok(axum::Json(found.map(|session| SessionBody::new(&session, caller.session_id))))
}

/// Ends one of the caller's sessions, for example on a lost phone.
#[utoipa::path(delete, path = "/api/users/me/sessions/{id}", tag = "sessions", params(("id" = Uuid, Path, description = "The session")), security(("bearer" = [])), responses(
    (status = 204, description = "The session has ended"),
))]
pub(super) async fn end(
    SignedIn(caller): SignedIn,
    Path(id): Path<Uuid>,
    State(sessions): State<Sessions>,
    State(metrics): State<Metrics>,
) -> ApiResult<StatusCode> {
    let ended = sessions.end(caller.user_id, id).await?.ok_or_else(ApiError::not_found)?;
    metrics.logout(ended);
    Ok(StatusCode::NO_CONTENT)
}
