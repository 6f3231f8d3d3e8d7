//! From OTLP to spans: what every trace store answers in.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span as OtlpSpan, span::SpanKind};

use super::{Kind, Span, Trace};

/// Istio's proxies put these on their spans; no service does.
const PROXY_MARKS: [&str; 3] = ["istio.canonical_service", "upstream_cluster", "node_id"];

/// One trace from the resource spans that a store answered.
pub(super) fn trace(resources: Vec<ResourceSpans>) -> Trace {
    let mut spans: Vec<Span> = resources.into_iter().flat_map(spans_of).collect();
    spans.sort_by_key(|span| span.start);
    Trace { spans }
}

fn spans_of(resource: ResourceSpans) -> Vec<Span> {
    let about =
        resource.resource.map(|resource| attributes(&resource.attributes)).unwrap_or_default();
    let name = about.get("service.name").cloned().unwrap_or_default();
    resource
        .scope_spans
        .into_iter()
        .flat_map(|scope| scope.spans)
        .map(|one| span(&name, one))
        .collect()
}

fn span(service: &str, one: OtlpSpan) -> Span {
    let attributes = attributes(&one.attributes);
    let by_proxy = PROXY_MARKS.iter().any(|mark| attributes.contains_key(*mark));
    // A proxy calls itself `workload.namespace`.
    let service = if by_proxy { service.split('.').next().unwrap_or(service) } else { service };
    Span {
        service: service.to_owned(),
        by_proxy,
        kind: kind(&one),
        id: hex(&one.span_id),
        parent: hex(&one.parent_span_id),
        links: one.links.iter().map(|link| hex(&link.span_id)).collect(),
        attributes,
        start: one.start_time_unix_nano,
        name: one.name,
    }
}

fn kind(span: &OtlpSpan) -> Kind {
    match span.kind() {
        SpanKind::Internal => Kind::Internal,
        SpanKind::Server => Kind::Server,
        SpanKind::Client => Kind::Client,
        SpanKind::Producer => Kind::Producer,
        SpanKind::Consumer => Kind::Consumer,
        SpanKind::Unspecified => Kind::Unspecified,
    }
}

fn attributes(list: &[KeyValue]) -> BTreeMap<String, String> {
    list.iter().map(|one| (one.key.clone(), text(one.value.as_ref()))).collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}
