//! The OpenTelemetry collector, asked to take in what a service would send it.

use anyhow::{Context, Result};
use chrono::Utc;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use super::Endpoint;
use crate::suite::{Component, Suite};

/// Who the spans say they are of.
const SENDER: &str = "conformance";
/// Whence spans are taken in over HTTP, by OTLP.
const TRACES: &str = "/v1/traces";

/// A client of the collector's OTLP receiver.
pub struct Collector {
    endpoint: Endpoint,
}

impl Component for Collector {
    async fn connect(suite: &Suite) -> Result<Self> {
        let at = &suite.cluster().interfaces().collector;
        let endpoint = Endpoint::forwarded(suite, "the OpenTelemetry collector", at).await?;
        Ok(Self { endpoint })
    }
}

impl Collector {
    /// Hands over one finished span of a trace (32 hexadecimal digits) with these attributes.
    pub async fn send_span(
        &self,
        trace_id: &str,
        name: &str,
        attributes: &[(&str, &str)],
    ) -> Result<()> {
        let request = serde_json::to_vec(&of_span(span(trace_id, name, attributes)?))?;
        let post = self.endpoint.request(Method::POST, TRACES);
        let post = post.header(CONTENT_TYPE, "application/json").body(request);
        Ok(self.endpoint.text(&format!("POST {TRACES}"), post).await.map(drop)?)
    }
}

fn of_span(span: Span) -> ExportTraceServiceRequest {
    let resource =
        Resource { attributes: vec![attribute("service.name", SENDER)], ..Resource::default() };
    let scope = ScopeSpans { spans: vec![span], ..ScopeSpans::default() };
    let spans = ResourceSpans {
        resource: Some(resource),
        scope_spans: vec![scope],
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest { resource_spans: vec![spans] }
}

fn span(trace_id: &str, name: &str, attributes: &[(&str, &str)]) -> Result<Span> {
    let trace = u128::from_str_radix(trace_id, 16)
        .with_context(|| format!("{trace_id:?} is no id of a trace"))?;
    let now = Utc::now().timestamp_nanos_opt().unwrap_or_default().unsigned_abs();
    Ok(Span {
        trace_id: trace.to_be_bytes().to_vec(),
        // Any id but zero is one.
        span_id: trace.to_be_bytes()[8..].to_vec(),
        name: name.to_owned(),
        start_time_unix_nano: now,
        end_time_unix_nano: now,
        attributes: attributes.iter().map(|(key, value)| attribute(key, value)).collect(),
        ..Span::default()
    })
}

fn attribute(key: &str, value: &str) -> KeyValue {
    let value = Value::StringValue(value.to_owned());
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_written_as_otlp_wants_it() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let span = span(id, "a thing", &[("http.route", "/a")]).unwrap();
        let json = serde_json::to_value(of_span(span)).unwrap();
        let span = &json["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!(span["traceId"], id);
        assert_eq!(span["attributes"][0]["value"]["stringValue"], "/a");
    }

    #[test]
    fn what_is_no_id_is_refused() {
        assert!(span("nonsense", "a thing", &[]).is_err());
    }
}
