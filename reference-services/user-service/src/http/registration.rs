//! `POST /api/users/register`

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use ecotrack_chassis::{ApiError, ApiResult, error::Problem, extract::Json};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, de::IntoDeserializer as _};
use utoipa::ToSchema;

use crate::{
    accounts::{Accounts, Registered},
    domain::Registration,
    limits::Limits,
    metrics::Metrics,
};

/// A new customer asks for an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistrationRequest {
    /// In ASCII; an internationalised domain in its `xn--` form. Case makes no difference.
    #[schema(
        max_length = 254,
        pattern = r"^(?![^@]{65})[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$",
        example = "ann@example.com"
    )]
    email: String,
    /// 12 to 128 bytes, not all of them the same.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 128, pattern = r"^(?!(.)\1*$)", example = "correct horse battery")]
    password: SecretString,
    /// For the salutation.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^(?!\s*$)[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$",
        example = "Ann"
    )]
    first_name: String,
    /// Family name.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^(?!\s*$)[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$",
        example = "Example"
    )]
    last_name: String,
    /// Where the customer came from.
    #[serde(default, deserialize_with = "text")]
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

/// A name and nothing else: serde would also take an object with the name as its only key.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Source, D::Error> {
    Source::deserialize(String::deserialize(deserializer)?.into_deserializer())
}

/// The same answer whether the address was known or not.
#[derive(Serialize, ToSchema)]
pub(super) struct RegistrationAccepted {
    /// Always `accepted`.
    #[schema(example = "accepted")]
    status: &'static str,
}

/// Opens an account. If the address has one already, the answer is the same.
#[utoipa::path(post, path = "/api/users/register", tag = "accounts", request_body = RegistrationRequest, responses(
    (status = 202, description = "Accepted, or the address had an account before", body = RegistrationAccepted),
    (status = 429, description = "Too many tries for this address or from this source", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds until the next try"))),
))]
pub(super) async fn register(
    State(accounts): State<Accounts>,
    State(limits): State<Limits>,
    State(metrics): State<Metrics>,
    headers: HeaderMap,
    Json(request): Json<RegistrationRequest>,
) -> ApiResult<(StatusCode, axum::Json<RegistrationAccepted>)> {
    let RegistrationRequest { email, password, first_name, last_name, source } = request;
    let registration = Registration::parse(&email, password, &first_name, &last_name)
        .map_err(ApiError::invalid)?;
    limits.registration(&headers, &registration.email).await?;
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
