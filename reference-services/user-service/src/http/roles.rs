//! For admins: `GET /api/users`, `PUT` and `DELETE /api/users/{id}/roles/{role}`

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use ecotrack_chassis::{
    ApiResult,
    error::Problem,
    extract::Path,
    page::{Page, PageQuery},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::callers::Admin;
use crate::{domain::Role, roles::Roles, store::roles::Summary};

/// A user as an admin sees them.
#[derive(Serialize, ToSchema)]
pub(super) struct UserBody {
    user_id: Uuid,
    email: String,
    roles: Vec<String>,
    created_at: DateTime<Utc>,
}

impl From<Summary> for UserBody {
    fn from(user: Summary) -> Self {
        let Summary { user_id, email, roles, created_at } = user;
        Self { user_id, email, roles, created_at }
    }
}

/// All users, newest first.
#[utoipa::path(get, path = "/api/users", tag = "administration", params(PageQuery), security(("bearer" = [])), responses(
    (status = 200, description = "A page of users", body = Page<UserBody>),
    (status = 403, description = "The caller is no admin", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list_users(
    _: Admin,
    State(roles): State<Roles>,
    page: PageQuery,
) -> ApiResult<axum::Json<Page<UserBody>>> {
    Ok(axum::Json(roles.list(page).await?.map(UserBody::from)))
}

/// Gives another user a role; it is in their tokens from the next login or refresh on.
#[utoipa::path(put, path = "/api/users/{id}/roles/{role}", tag = "administration", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The user"), ("role" = Role, Path, description = "The role")),
    responses((status = 204, description = "The user has the role"), (status = 403, description = "The caller is no admin, or the user is the caller", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn grant(
    Admin(admin): Admin,
    Path((id, role)): Path<(Uuid, Role)>,
    State(roles): State<Roles>,
) -> ApiResult<StatusCode> {
    roles.grant(&admin, id, role).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a role from another user and ends their sessions.
#[utoipa::path(delete, path = "/api/users/{id}/roles/{role}", tag = "administration", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The user"), ("role" = Role, Path, description = "The role")),
    responses((status = 204, description = "The user does not have the role"), (status = 403, description = "The caller is no admin, or the user is the caller", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The operator's setting names the user as an admin", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn revoke(
    Admin(admin): Admin,
    Path((id, role)): Path<(Uuid, Role)>,
    State(roles): State<Roles>,
) -> ApiResult<StatusCode> {
    roles.revoke(&admin, id, role).await?;
    Ok(StatusCode::NO_CONTENT)
}
