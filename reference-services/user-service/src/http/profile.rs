//! `GET /api/users/me` and `GET /api/users/{id}`

use axum::extract::State;
use ecotrack_chassis::{ApiError, ApiResult, auth::Caller, error::Problem, extract::Path};
use uuid::Uuid;

use crate::accounts::{Accounts, Profile};

/// The caller's own profile.
#[utoipa::path(get, path = "/api/users/me", security(("bearer" = [])), responses(
    (status = 200, body = Profile),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn me(
    caller: Caller,
    State(accounts): State<Accounts>,
) -> ApiResult<axum::Json<Profile>> {
    accounts.find_profile(caller.user_id).await?.map(axum::Json).ok_or_else(ApiError::not_found)
}

/// A profile by id: one's own, also when another service asks on the user's behalf. Others' are not there.
#[utoipa::path(get, path = "/api/users/{id}", security(("bearer" = [])), params(("id" = Uuid, Path,)), responses(
    (status = 200, body = Profile),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn by_id(
    caller: Caller,
    Path(id): Path<Uuid>,
    accounts: State<Accounts>,
) -> ApiResult<axum::Json<Profile>> {
    caller.require_self(id)?;
    me(caller, accounts).await
}
