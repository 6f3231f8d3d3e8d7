//! `POST /api/users/login` and `POST /api/users/logout`

use std::time::Instant;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use ecotrack_chassis::{
    ApiError, ApiResult, auth::Caller, error::Problem, extract::Json, rate_limit::Permit,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tracing::{Instrument as _, Span, field::Empty};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{Email, Password},
    limits::Limits,
    metrics::Metrics,
    sessions::{Grant, Sessions},
    source,
};

/// A customer proves who they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginRequest {
    /// The address the customer registered with.
    #[schema(
        max_length = 254,
        pattern = r"^(?![^@]{65})[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$",
        example = "ann@example.com"
    )]
    email: String,
    /// At most 128 bytes; one that is too short to be anybody's is simply wrong.
    #[schema(value_type = String, format = Password, max_length = 128, example = "correct horse battery")]
    password: SecretString,
}

/// A session and its tokens.
#[derive(Serialize, ToSchema)]
pub(super) struct LoginResponse {
    /// A JSON Web Token, for the Authorization header.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Lifetime of the access token in seconds.
    #[schema(minimum = 1, maximum = 900, example = 900)]
    expires_in: u64,
    /// Gets new tokens, once.
    refresh_token: String,
    /// How long the session lives without a refresh, in seconds.
    refresh_expires_in: u64,
    session_id: Uuid,
    user_id: Uuid,
}

/// Begins a session.
#[utoipa::path(post, path = "/api/users/login", tag = "sessions", request_body = LoginRequest, responses(
    (status = 200, description = "The session", body = LoginResponse),
    (status = 401, description = "Address or password is wrong", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "Too many failed tries for this account or tries from this source", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds until the next try"))),
))]
pub(super) async fn login(
    State(sessions): State<Sessions>,
    State(limits): State<Limits>,
    State(metrics): State<Metrics>,
    headers: HeaderMap,
    Json(request): Json<LoginRequest>,
) -> ApiResult<axum::Json<LoginResponse>> {
    let started = Instant::now();
    let password = Password::attempt(request.password)
        .map_err(|detail| ApiError::invalid_field("/password", detail))?;
    let email =
        Email::parse(&request.email).map_err(|detail| ApiError::invalid_field("/email", detail))?;
    let permit = limits.login(&headers, &email).await?;
    let span = tracing::info_span!(
        "user-authentication",
        authentication_method = "password",
        ip_address = source::client_address(&headers)
            .map(|address| tracing::field::display(source::told(address))),
        user_id = Empty,
    );
    let granted = authenticate(&sessions, &email, password, permit).instrument(span).await?;
    metrics.login(granted.is_some(), started.elapsed());
    granted.map(|grant| axum::Json(grant.into())).ok_or_else(refusal)
}

/// A wrong password stays counted, and so does a try that nobody waited for; all else does not.
async fn authenticate(
    sessions: &Sessions,
    email: &Email,
    password: Password,
    permit: Permit,
) -> ApiResult<Option<Grant>> {
    let granted = sessions.begin(email, password).await;
    match &granted {
        Ok(Some(grant)) => {
            Span::current().record("user_id", grant.user_id.to_string());
            permit.give_back().await;
        }
        Ok(None) => drop(permit),
        Err(_) => permit.give_back().await,
    }
    granted
}

/// Ends the session of the token. Ending it twice is no error.
#[utoipa::path(post, path = "/api/users/logout", tag = "sessions", security(("bearer" = [])), responses(
    (status = 204, description = "The session has ended"),
))]
pub(super) async fn logout(
    caller: Caller,
    State(sessions): State<Sessions>,
    State(metrics): State<Metrics>,
) -> ApiResult<StatusCode> {
    if let Some(duration) = sessions.end(caller.user_id, caller.session_id).await? {
        metrics.logout(duration);
    }
    Ok(StatusCode::NO_CONTENT)
}

impl From<Grant> for LoginResponse {
    fn from(grant: Grant) -> Self {
        Self {
            access_token: grant.access_token,
            token_type: "Bearer",
            expires_in: grant.expires_in.as_secs(),
            refresh_token: grant.refresh_token.expose().to_owned(),
            refresh_expires_in: grant.refresh_expires_in.as_secs(),
            session_id: grant.session_id,
            user_id: grant.user_id,
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
