//! `POST /api/users/register`

use axum::{extract::State, http::StatusCode};
use ecotrack_chassis::{ApiError, ApiResult, error::Problem, extract::Json};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    accounts::{Accounts, Registered},
    domain::Registration,
    metrics::Metrics,
};

/// A new customer asks for an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistrationRequest {
    email: String,
    /// 10 to 128 bytes.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    first_name: String,
    last_name: String,
    /// Where the customer came from.
    #[serde(default)]
    source: Source,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Source {
    Web,
    Mobile,
    #[default]
    Api,
}

/// The same answer whether the address was known or not.
#[derive(Serialize, ToSchema)]
pub(super) struct RegistrationAccepted {
    /// Always `accepted`.
    status: &'static str,
}

/// Opens an account. If the address has one already, the answer is the same.
#[utoipa::path(post, path = "/api/users/register", request_body = RegistrationRequest, responses(
    (status = 202, body = RegistrationAccepted),
    (status = 422, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn register(
    State(accounts): State<Accounts>,
    State(metrics): State<Metrics>,
    Json(request): Json<RegistrationRequest>,
) -> ApiResult<(StatusCode, axum::Json<RegistrationAccepted>)> {
    let RegistrationRequest { email, password, first_name, last_name, source } = request;
    let registration = Registration::parse(&email, password, &first_name, &last_name)
        .map_err(ApiError::invalid)?;
    if accounts.register(&registration).await? == Registered::New {
        metrics.registered(source.label());
    }
    Ok((StatusCode::ACCEPTED, axum::Json(RegistrationAccepted { status: "accepted" })))
}

impl Source {
    const fn label(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Mobile => "mobile",
            Self::Api => "api",
        }
    }
}
