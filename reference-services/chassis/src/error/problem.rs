//! The problem document itself.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::telemetry;

/// Media type of a problem document.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";
/// What problem types begin with.
const TYPE_BASE: &str = "https://api.ecotrack.platform.dev/problems";

/// An RFC 9457 problem document.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Identifies the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong, for people.
    detail: String,
    /// Trace in which this happened; quote it when asking for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    /// The values that are not valid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Violation>,
}

/// A value that is not valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Violation {
    /// JSON pointer to the value; empty for the whole document.
    pointer: String,
    /// What is wrong with it.
    detail: String,
}

impl Violation {
    /// A violation at a JSON pointer such as `/items/0/quantity`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: &str,
        detail: String,
        errors: Vec<Violation>,
    ) -> Self {
        Self {
            kind: format!("{TYPE_BASE}/{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail,
            trace_id: telemetry::current_trace_id(),
            errors,
        }
    }
}

/// The code in the `type` of a problem document of ours; nothing when others wrote it.
pub(crate) fn code_of(kind: &str) -> Option<&str> {
    kind.strip_prefix(TYPE_BASE)?.strip_prefix('/')
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        response
    }
}
