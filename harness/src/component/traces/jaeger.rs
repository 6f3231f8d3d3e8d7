//! Jaeger 2: its query API answers OTLP as JSON inside `result`.

use async_trait::async_trait;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use reqwest::StatusCode;
use serde::Deserialize;

use super::{Trace, Traces, otlp};
use crate::component::{AskError, Endpoint};

/// A client of Jaeger's query API, version 3.
#[derive(Clone)]
pub struct Jaeger {
    endpoint: Endpoint,
}

#[derive(Deserialize)]
struct Answer {
    result: TracesData,
}

impl Jaeger {
    /// Jaeger behind `endpoint`.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }
}

#[async_trait]
impl Traces for Jaeger {
    async fn find_trace(&self, id: &str) -> Result<Option<Trace>, AskError> {
        match self.endpoint.get::<Answer>(&format!("/api/v3/traces/{id}"), &[]).await {
            Ok(answer) => Ok(Some(otlp::trace(answer.result.resource_spans))),
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::traces::Kind;

    const ANSWER: &str = r#"{"result":{"resourceSpans":[
      {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"order-service"}}]},
       "scopeSpans":[{"scope":{"name":"ecotrack"},"spans":[
         {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","parentSpanId":"b7ad6b7169203331","name":"order-processing","kind":1,
          "startTimeUnixNano":"1790000000000000002","endTimeUnixNano":"1790000000000000009",
          "attributes":[{"key":"total_amount","value":{"doubleValue":12.5}},{"key":"items","value":{"intValue":"2"}}],"status":{}}]}]},
      {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"order-service.ecotrack"}}]},
       "scopeSpans":[{"spans":[
         {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"b7ad6b7169203331","name":"order-service.ecotrack.svc.cluster.local:80/*","kind":2,
          "startTimeUnixNano":"1790000000000000001","endTimeUnixNano":"1790000000000000010",
          "attributes":[{"key":"istio.canonical_service","value":{"stringValue":"order-service"}}],"status":{}}]}]}]}}"#;

    #[test]
    fn a_recorded_answer_becomes_spans_in_the_order_of_their_start() {
        let answer: Answer = serde_json::from_str(ANSWER).unwrap();
        let trace = otlp::trace(answer.result.resource_spans);
        let [proxy, own] = trace.spans.as_slice() else { panic!("{trace:?}") };
        assert!(proxy.by_proxy && proxy.service == "order-service" && proxy.kind == Kind::Server);
        assert_eq!(
            (
                own.parent.as_str(),
                own.attributes["total_amount"].as_str(),
                own.attributes["items"].as_str()
            ),
            ("b7ad6b7169203331", "12.5", "2")
        );
    }

    #[test]
    fn an_answer_without_a_result_is_refused() {
        assert!(serde_json::from_str::<Answer>(r#"{"error":{"httpCode":404}}"#).is_err());
    }
}
