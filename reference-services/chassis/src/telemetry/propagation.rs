//! Trace context and baggage in and out of headers, the same for HTTP and Kafka.

use std::{collections::HashMap, sync::LazyLock};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context, KeyValue,
    baggage::BaggageExt as _,
    propagation::{Extractor, TextMapCompositePropagator, TextMapPropagator as _},
    trace::{SpanContext, TraceContextExt as _, TraceState},
};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::context::{self, BUSINESS_CONTEXT, CORRELATION_ID, USER_ID};

/// Header with the correlation id, for callers that speak no baggage.
pub const CORRELATION_HEADER: &str = "x-correlation-id";

static PROPAGATOR: LazyLock<TextMapCompositePropagator> = LazyLock::new(|| {
    TextMapCompositePropagator::new(vec![
        Box::new(TraceContextPropagator::new()),
        Box::new(BaggagePropagator::new()),
    ])
});

/// The caller's context, from the headers of its request.
#[must_use]
pub fn extract_http(headers: &HeaderMap) -> Context {
    extract(&HeaderExtractor(headers))
}

/// The caller's context, from any carrier. Without its `tracestate`: that is for tracing systems we do not have, holds whatever a
/// client writes, and would go along with every call and event.
#[must_use]
pub fn extract(carrier: &dyn Extractor) -> Context {
    let context = PROPAGATOR.extract_with_context(&Context::new(), carrier);
    let span = context.span().span_context().clone();
    if !span.is_valid() {
        return context;
    }
    let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags());
    let bare = SpanContext::new(trace, id, flags, span.is_remote(), TraceState::default());
    context.with_remote_span_context(bare)
}

/// What goes along with a call or an event made now: `traceparent`, `baggage`, `x-correlation-id`.
#[must_use]
pub fn outgoing() -> HashMap<String, String> {
    let mut headers = HashMap::new();
    let mut baggage = Vec::new();
    if let Some(work) = context::current() {
        headers.insert(CORRELATION_HEADER.to_owned(), work.correlation_id.clone());
        baggage.push(KeyValue::new(CORRELATION_ID, work.correlation_id.clone()));
        baggage.push(KeyValue::new(BUSINESS_CONTEXT, work.business_context.clone()));
        baggage.extend(work.user_id().map(|user| KeyValue::new(USER_ID, user.to_owned())));
    }
    let context = tracing::Span::current().context().with_baggage(baggage);
    PROPAGATOR.inject_context(&context, &mut headers);
    headers
}

/// [`outgoing`] as HTTP headers.
#[must_use]
pub fn outgoing_http() -> HeaderMap {
    outgoing()
        .into_iter()
        .filter_map(|(name, value)| {
            Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
        })
        .collect()
}
