//! What a request may take: a place among those being worked on, and time.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio::sync::Semaphore;

use super::{head, patience::Patient};
use crate::{context, deadline, error::ApiError};

pub(super) struct Limits {
    places: Semaphore,
    timeout: Duration,
}

impl Limits {
    pub(super) fn new(places: usize, timeout: Duration) -> Self {
        Self { places: Semaphore::new(places), timeout }
    }

    /// Time for a request: ours, or what the caller has left if that is less.
    pub(super) fn time_for(&self, request: &Request) -> Duration {
        deadline::read(request.headers()).map_or(self.timeout, |left| left.min(self.timeout))
    }
}

pub(super) async fn enforce(
    State(limits): State<Arc<Limits>>,
    request: Request,
    next: Next,
) -> Response {
    if let Some(refusal) = head::refusal(&request) {
        return refusal.into_response();
    }
    let Ok(_place) = limits.places.try_acquire() else {
        return ApiError::unavailable(anyhow::anyhow!("too many requests at once")).into_response();
    };
    let time = limits.time_for(&request);
    if let Some(work) = context::current() {
        work.set_time(time);
    }
    let mut response = match tokio::time::timeout(time, next.run(request.map(Patient::wrap))).await
    {
        Ok(response) => response,
        Err(_) => {
            ApiError::unavailable(anyhow::anyhow!("the request took too long")).into_response()
        }
    };
    if response.status() == StatusCode::REQUEST_TIMEOUT {
        // The rest of the body may still come; nobody waits for it.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
