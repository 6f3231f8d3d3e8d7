//! `POST /api/users/refresh`

use axum::{extract::State, http::StatusCode};
use ecotrack_chassis::{ApiError, ApiResult, error::Problem, extract::Json};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::session::LoginResponse;
use crate::{sessions::Sessions, tokens::RefreshToken};

/// Asks for new tokens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshRequest {
    /// The newest refresh token of the session.
    #[schema(value_type = String, format = Password)]
    refresh_token: SecretString,
}

/// Goes on with a session. A refresh token is good for once: when one comes back, its session ends, whoever has the newest.
#[utoipa::path(post, path = "/api/users/refresh", tag = "sessions", request_body = RefreshRequest, responses(
    (status = 200, description = "New tokens of the same session", body = LoginResponse),
    (status = 401, description = "The refresh token is not valid", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn refresh(
    State(sessions): State<Sessions>,
    Json(request): Json<RefreshRequest>,
) -> ApiResult<axum::Json<LoginResponse>> {
    let token = RefreshToken::shown(request.refresh_token);
    sessions.refresh(&token).await?.map(|grant| axum::Json(grant.into())).ok_or_else(refusal)
}

/// Unknown, expired, used before, its session ended: one answer.
fn refusal() -> ApiError {
    let detail = "the refresh token is not valid; log in again";
    ApiError::new(StatusCode::UNAUTHORIZED, "invalid-refresh-token", detail)
}
