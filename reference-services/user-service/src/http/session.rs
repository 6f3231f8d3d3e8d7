//! `POST /api/users/login` and `POST /api/users/logout`

use std::time::Instant;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use ecotrack_chassis::{ApiError, ApiResult, auth::Caller, error::Problem, extract::Json};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tracing::{Instrument as _, Span, field::Empty};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{Email, Password},
    metrics::Metrics,
    sessions::{Session, Sessions},
    tokens,
};

/// A customer proves who they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginRequest {
    email: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// A session and its token.
#[derive(Serialize, ToSchema)]
pub(super) struct LoginResponse {
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Lifetime in seconds.
    expires_in: u64,
    session_id: Uuid,
    user_id: Uuid,
}

/// Begins a session.
#[utoipa::path(post, path = "/api/users/login", request_body = LoginRequest, responses(
    (status = 200, body = LoginResponse),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn login(
    State(sessions): State<Sessions>,
    State(metrics): State<Metrics>,
    headers: HeaderMap,
    Json(request): Json<LoginRequest>,
) -> ApiResult<axum::Json<LoginResponse>> {
    let started = Instant::now();
    let password = Password::attempt(request.password)
        .map_err(|detail| ApiError::invalid_field("/password", detail))?;
    let email =
        Email::parse(&request.email).map_err(|detail| ApiError::invalid_field("/email", detail))?;
    let span = tracing::info_span!(
        "user-authentication",
        authentication_method = "password",
        ip_address = client_address(&headers),
        user_id = Empty,
    );
    let session = authenticate(&sessions, &email, password).instrument(span).await?;
    metrics.login(session.is_some(), started.elapsed());
    session.map(LoginResponse::from).map(axum::Json).ok_or_else(refusal)
}

async fn authenticate(
    sessions: &Sessions,
    email: &Email,
    password: Password,
) -> ApiResult<Option<Session>> {
    let session = sessions.begin(email, password).await?;
    if let Some(session) = &session {
        Span::current().record("user_id", session.user_id.to_string());
    }
    Ok(session)
}

/// Ends the session of the token.
#[utoipa::path(post, path = "/api/users/logout", security(("bearer" = [])), responses(
    (status = 204),
    (status = 401, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn logout(
    caller: Caller,
    State(sessions): State<Sessions>,
    State(metrics): State<Metrics>,
) -> ApiResult<StatusCode> {
    if let Some(duration) = sessions.end(&caller).await? {
        metrics.logout(duration);
    }
    Ok(StatusCode::NO_CONTENT)
}

impl From<Session> for LoginResponse {
    fn from(session: Session) -> Self {
        Self {
            access_token: session.access_token,
            token_type: "Bearer",
            expires_in: tokens::LIFETIME.as_secs(),
            session_id: session.id,
            user_id: session.user_id,
        }
    }
}

/// Wrong password and unknown user in the same words.
fn refusal() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "wrong-credentials",
        "e-mail address or password is wrong",
    )
}

/// The client as the gateway saw it: the last hop it added, the only one a client cannot write.
fn client_address(headers: &HeaderMap) -> Option<&str> {
    let hops = headers.get("x-forwarded-for")?.to_str().ok()?;
    hops.rsplit(',').next().map(str::trim)
}
