//! Refusals the framework makes itself (405, 413 …) become problem documents too.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::error::{ApiError, OwnWords, PROBLEM_JSON};

pub(super) async fn explain(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    if !is_refusal(status) || is_worded(&response) {
        return response;
    }
    let mut problem = of(status).into_response();
    if let Some(allowed) = response.headers().get(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, allowed.clone());
    }
    problem
}

fn is_refusal(status: StatusCode) -> bool {
    // Readiness answers 503 with its own document, which says what is missing.
    status.is_client_error()
        || (status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE)
}

fn is_worded(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE) == Some(&HeaderValue::from_static(PROBLEM_JSON))
        || response.extensions().get::<OwnWords>().is_some()
}

fn of(status: StatusCode) -> ApiError {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            ApiError::new(status, "method-not-allowed", "the resource does not have this method")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::new(status, "body-too-large", "the body is too large")
        }
        StatusCode::REQUEST_TIMEOUT => {
            ApiError::new(status, "body-too-slow", "the body did not come in time")
        }
        StatusCode::NOT_FOUND => ApiError::not_found(),
        _ => ApiError::new(status, "refused", "the request was refused"),
    }
}
