//! The answer that is remembered.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::error::{ApiError, PROBLEM_JSON};

const REPLAYED: &str = "idempotency-replayed";

/// An answer as it went out first: status and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    status: StatusCode,
    body: String,
}

impl Answer {
    /// An answer with a JSON text.
    #[must_use]
    pub const fn new(status: StatusCode, body: String) -> Self {
        Self { status, body }
    }

    /// A refusal that is to be remembered.
    pub fn of_problem(error: &ApiError) -> serde_json::Result<Self> {
        Ok(Self::new(error.status(), serde_json::to_string(&error.problem())?))
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The text.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The answer again, marked as a repetition.
    #[must_use]
    pub fn replay(self) -> Response {
        let mut response = self.into_response();
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        response
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let is_problem = self.status.is_client_error() || self.status.is_server_error();
        let content_type = if is_problem { PROBLEM_JSON } else { "application/json" };
        (self.status, [(header::CONTENT_TYPE, content_type)], self.body).into_response()
    }
}
