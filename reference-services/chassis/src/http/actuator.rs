//! Paths for the platform: never routed from outside. Asked as they are meant to be, they are neither traced nor counted.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{MatchedPath, Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::registry::Registry;
use serde_json::json;
use utoipa::openapi::{
    OpenApi,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::{
    error::{ApiError, ApiResult},
    health::Health,
    metrics,
};

pub(super) fn router(
    service: &'static str,
    registry: Arc<Registry>,
    health: Health,
    openapi: OpenApi,
) -> Router {
    let openapi = Arc::new(with_bearer(openapi));
    let info = json!({"app": {"name": service, "version": env!("CARGO_PKG_VERSION")}});
    Router::new()
        .route("/actuator/health/liveness", get(async || Json(json!({"status": "UP"}))))
        .route("/actuator/health/readiness", get(readiness).with_state(health))
        .route("/actuator/prometheus", get(prometheus).with_state(registry))
        .route("/actuator/info", get(async move || Json(info.clone())))
        .route("/openapi.json", get(async move || Json(Arc::clone(&openapi))))
}

/// Whether a request is one that the platform makes all day long. Any other on these paths is a mistake of somebody's.
pub(super) fn is_probe(request: &Request) -> bool {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    matches!(*request.method(), Method::GET | Method::HEAD)
        && (path.starts_with("/actuator/") || path == "/openapi.json")
}

/// Says what operations mean by `bearer`.
fn with_bearer(mut openapi: OpenApi) -> OpenApi {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = openapi.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    openapi
}

async fn readiness(State(health): State<Health>) -> Response {
    let readiness = health.readiness().await;
    let status = if readiness.is_up() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}

async fn prometheus(State(registry): State<Arc<Registry>>) -> ApiResult<impl IntoResponse> {
    let text = metrics::render(registry).await.map_err(ApiError::internal)?;
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text))
}
