//! The one error a handler returns: an RFC 9457 problem document with a fixed text and a trace id, the cause only in the log.

mod problem;

use std::{borrow::Cow, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::postgres;
pub(crate) use problem::{PROBLEM_JSON, code_of};
pub use problem::{Problem, Violation};

/// What a handler returns.
pub type ApiResult<T> = Result<T, ApiError>;

/// Extension of a response that is a refusal in words of its own, where something other than our API is spoken.
#[derive(Debug, Clone, Copy)]
pub struct OwnWords;

/// When a caller may try again after a refusal for lack of capacity.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// An answer other than success.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    violations: Vec<Violation>,
    retry_after: Option<Duration>,
    leaves_work: bool,
    cause: Option<anyhow::Error>,
}

impl ApiError {
    /// A problem of any kind. `code` is stable and tells problems of one status apart; `detail` is for people.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            violations: Vec::new(),
            retry_after: None,
            leaves_work: false,
            cause: None,
        }
    }

    /// 400: not a request we can read.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-request", detail)
    }

    /// 401: no valid token. One text for all reasons.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "a valid access token is required")
    }

    /// 403: the caller may not use this route.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "you are not allowed to do this")
    }

    /// 404: not there, or not the caller's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "there is no such resource")
    }

    /// 409: the state does not allow it.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 422: readable, but not valid.
    #[must_use]
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let detail = "the request has values that are not valid";
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-request", detail);
        error.violations = violations;
        error
    }

    /// 422 about one field, named by its JSON pointer.
    pub fn invalid_field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![Violation::new(pointer, detail)])
    }

    /// 429: too many requests of this caller.
    #[must_use]
    pub fn too_many_requests(retry_after: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "slow down")
            .retry_after(retry_after)
    }

    /// 503: something we need is away; the caller may try again soon.
    pub fn unavailable(cause: impl Into<anyhow::Error>) -> Self {
        let detail = "the service cannot answer right now";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .retry_after(RETRY_AFTER)
            .caused_by(cause)
    }

    /// 500: our fault. The cause is logged, not told.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        let detail = "something went wrong on our side";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).caused_by(cause)
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// A refusal that may have left something half done: under its Idempotency-Key the request goes on with that.
    #[must_use]
    pub const fn leaving_work(mut self) -> Self {
        self.leaves_work = true;
        self
    }

    /// Whether something may be half done, as after every error that is not the caller's.
    #[must_use]
    pub fn leaves_work(&self) -> bool {
        self.leaves_work || !self.status.is_client_error()
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The status it answers with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The document it answers with.
    #[must_use]
    pub(crate) fn problem(&self) -> Problem {
        Problem::new(
            self.status,
            self.code,
            self.detail.clone().into_owned(),
            self.violations.clone(),
        )
    }

    fn log(&self) {
        let Some(cause) = &self.cause else { return };
        let (status, error) = (self.status.as_u16(), format!("{cause:#}"));
        if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(status, error, "request failed");
        } else {
            tracing::warn!(status, error, "request refused");
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let problem =
            Problem::new(self.status, self.code, self.detail.into_owned(), self.violations);
        let mut response = problem.into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
        }
        response
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        anyhow::Error::from(error).into()
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        if postgres::is_behind(&error, postgres::is_unavailable) {
            Self::unavailable(error)
        } else {
            Self::internal(error)
        }
    }
}
