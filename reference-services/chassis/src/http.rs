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

/// A service's routes with everything around them. Outermost first: telemetry, problem documents, limits, panics.
pub(crate) fn surround(routes: Router, with: Surroundings) -> Router {
    let observer = Arc::new(observe::Observer::new(&with.settings, with.requests));
    let limits = Arc::new(limits::Limits::new(MAX_CONCURRENCY, REQUEST_TIMEOUT));
    let actuator =
        actuator::router(with.settings.service, with.registry, with.health, with.openapi);
    let routes = routes
        .fallback(async || ApiError::not_found())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(limits, limits::enforce))
        .layer(middleware::from_fn(problems::explain))
        .layer(middleware::from_fn_with_state(observer, observe::observe));
    routes.merge(actuator.layer(middleware::from_fn(problems::explain)))
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands over what was thrown")]
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panics::text(panic.as_ref());
    ApiError::internal(anyhow::anyhow!("a handler panicked: {text}")).into_response()
}
