//! What a request may take: a place among those being worked on, time, and an address we can read.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio::sync::Semaphore;

use crate::error::ApiError;

/// Longest address, in bytes.
const MAX_URI: usize = 8 * 1024;

pub(super) struct Limits {
    places: Semaphore,
    timeout: Duration,
}

impl Limits {
    pub(super) fn new(places: usize, timeout: Duration) -> Self {
        Self { places: Semaphore::new(places), timeout }
    }
}

pub(super) async fn enforce(
    State(limits): State<Arc<Limits>>,
    request: Request,
    next: Next,
) -> Response {
    if let Some(refusal) = unreadable(&request) {
        return refusal.into_response();
    }
    let Ok(_place) = limits.places.try_acquire() else {
        return ApiError::unavailable(anyhow::anyhow!("too many requests at once")).into_response();
    };
    match tokio::time::timeout(limits.timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            ApiError::unavailable(anyhow::anyhow!("the request took too long")).into_response()
        }
    }
}

fn unreadable(request: &Request) -> Option<ApiError> {
    let uri = request.uri();
    let length = uri.path_and_query().map_or(0, |path| path.as_str().len());
    if length > MAX_URI {
        return Some(ApiError::new(
            StatusCode::URI_TOO_LONG,
            "uri-too-long",
            "the address is too long",
        ));
    }
    let has_nul = uri.path_and_query().is_some_and(|path| path.as_str().contains("%00"));
    has_nul.then(|| ApiError::bad_request("the address contains a NUL character"))
}
