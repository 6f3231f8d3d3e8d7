//! Every request in its span, its context, its metric and its log line, and named in the answer's headers; the platform's probes
//! alone are in none of them.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument as _, Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::actuator;
use crate::{
    config::Settings,
    context::{self, WorkContext},
    metrics::{RequestLabels, Requests},
    telemetry::{self, propagation},
};

/// Label of a path that matches no route: the path itself would be unbounded.
const UNMATCHED: &str = "UNMATCHED";

pub(super) struct Observer {
    service: &'static str,
    environment: String,
    requests: Requests,
}

impl Observer {
    pub(super) fn new(settings: &Settings, requests: Requests) -> Self {
        Self { service: settings.service, environment: settings.environment.clone(), requests }
    }

    fn count(&self, method: &Method, route: &str, response: &Response, started: Instant) {
        let labels = RequestLabels {
            method: label(method).to_owned(),
            uri: route.to_owned(),
            status: response.status().as_u16(),
            application: self.service.to_owned(),
            environment: self.environment.clone(),
        };
        self.requests.get_or_create(&labels).observe(started.elapsed().as_secs_f64());
    }
}

pub(super) async fn observe(
    State(observer): State<Arc<Observer>>,
    request: Request,
    next: Next,
) -> Response {
    if actuator::is_probe(&request) {
        return next.run(request).await;
    }
    let started = Instant::now();
    let method = request.method().clone();
    let route =
        request.extensions().get::<MatchedPath>().map_or(UNMATCHED, MatchedPath::as_str).to_owned();
    let (span, work) = begin(&method, &route, request.headers());
    let exchange = async {
        let mut response = next.run(request).await;
        conclude(&method, &route, response.status(), started);
        name(&work, response.headers_mut());
        response
    };
    let response = context::scope(Arc::clone(&work), exchange.instrument(span)).await;
    observer.count(&method, &route, &response, started);
    response
}

fn begin(method: &Method, route: &str, headers: &HeaderMap) -> (Span, Arc<WorkContext>) {
    let parent = propagation::extract_http(headers);
    let correlation_id =
        headers.get(propagation::CORRELATION_HEADER).and_then(|value| value.to_str().ok());
    let work = WorkContext::inherit(&parent, correlation_id, business_context(route));
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{} {route}", label(method)),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = label(method),
        http.route = route,
        http.response.status_code = Empty,
        correlation_id = work.correlation_id,
        user_id = Empty,
    );
    // The span is new, so it takes its parent; without one it begins a trace.
    span.set_parent(parent).ok();
    (span, Arc::new(work))
}

fn conclude(method: &Method, route: &str, status: StatusCode, started: Instant) {
    let span = Span::current();
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    if let Some(user_id) = context::current().as_ref().and_then(|work| work.user_id()) {
        span.record("user_id", user_id);
    }
    tracing::info!(
        method = label(method),
        route,
        status = status.as_u16(),
        duration_seconds = started.elapsed().as_secs_f64(),
        "request answered"
    );
}

/// Says in the answer which trace, span, user and operation it belongs to.
fn name(work: &WorkContext, headers: &mut HeaderMap) {
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    let span = telemetry::current_span_context();
    put("x-trace-id", &span.trace_id().to_string());
    put("x-span-id", &span.span_id().to_string());
    put("x-user-id", work.user_id().unwrap_or("anonymous"));
    put("x-correlation-id", &work.correlation_id);
    put("x-business-context", &work.business_context);
}

/// The methods we know; a caller may make up any number of others.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// The business operation a route belongs to: the collection in `/api/<collection>/…`.
fn business_context(route: &str) -> &str {
    route.strip_prefix("/api/").and_then(|rest| rest.split('/').next()).unwrap_or("platform")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_business_context_is_the_collection() {
        assert_eq!(business_context("/api/orders/{id}/payment"), "orders");
        assert_eq!(business_context(UNMATCHED), "platform");
    }
}
