//! The HTTP server: what surrounds every route of every service.

mod actuator;
mod head;
mod limits;
mod observe;
mod opening;
mod patience;
mod problems;
mod server;

use std::{any::Any, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    response::{IntoResponse as _, Response},
};
use prometheus_client::registry::Registry;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;

use crate::{config::Settings, error::ApiError, health::Health, metrics::Requests, panics};

pub(crate) use patience::SlowBody;
pub(crate) use server::Server;

/// Largest request body, in bytes, unless a route sets its own.
pub const BODY_LIMIT: usize = 1024 * 1024;
/// Longest a request may take, its body included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests being worked on at once; more are refused at once.
const MAX_CONCURRENCY: usize = 512;

pub(crate) struct Surroundings {
    pub(crate) settings: Settings,
    pub(crate) registry: Arc<Registry>,
    pub(crate) requests: Requests,
    pub(crate) health: Health,
    pub(crate) openapi: OpenApi,
}

/// A service's routes with everything around them. Outermost first: telemetry, problem documents, limits, panics. The limits are
/// not the actuator's: a service that is full is still alive.
pub(crate) fn surround(routes: Router, with: Surroundings) -> Router {
    let observer = Arc::new(observe::Observer::new(&with.settings, with.requests));
    let limits = Arc::new(limits());
    let actuator =
        actuator::router(with.settings.service, with.registry, with.health, with.openapi);
    let routes = routes
        .fallback(async || ApiError::not_found())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(limits, limits::enforce));
    routes
        .merge(actuator)
        .layer(middleware::from_fn(problems::explain))
        .layer(middleware::from_fn_with_state(observer, observe::observe))
}

fn limits() -> limits::Limits {
    limits::Limits::new(MAX_CONCURRENCY, REQUEST_TIMEOUT)
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands over what was thrown")]
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panics::text(panic.as_ref());
    ApiError::internal(anyhow::anyhow!("a handler panicked: {text}")).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::Request};

    use super::*;
    use crate::deadline;

    fn time_for(header: Option<&str>) -> Duration {
        let mut request = Request::new(Body::empty());
        if let Some(text) = header {
            request.headers_mut().insert(deadline::HEADER, text.parse().unwrap());
        }
        limits().time_for(&request)
    }

    #[test]
    fn a_request_has_ten_seconds_whoever_would_wait_for_longer() {
        for header in [None, Some("10001"), Some("86400000"), Some("for ever")] {
            assert_eq!(time_for(header), Duration::from_secs(10), "{header:?}");
        }
        assert_eq!(time_for(Some("9999")), Duration::from_millis(9999));
    }
}
