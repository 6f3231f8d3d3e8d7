//! Tempo: the same OTLP, asked for as protobuf, since its JSON writes ids in base64.

use async_trait::async_trait;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;
use reqwest::header::ACCEPT;
use reqwest::{Method, StatusCode};

use super::{Trace, Traces, otlp};
use crate::component::{AskError, Endpoint};

/// A client of Tempo's query API.
#[derive(Clone)]
pub struct Tempo {
    endpoint: Endpoint,
}

impl Tempo {
    /// Tempo behind `endpoint`.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }
}

#[async_trait]
impl Traces for Tempo {
    async fn find_trace(&self, id: &str) -> Result<Option<Trace>, AskError> {
        let path = format!("/api/traces/{id}");
        let request =
            self.endpoint.request(Method::GET, &path).header(ACCEPT, "application/protobuf");
        match self.endpoint.bytes(&path, request).await {
            // Tempo's message `Trace` has the same one field as OTLP's `TracesData`.
            Ok(body) => match TracesData::decode(body) {
                Ok(data) => Ok(Some(otlp::trace(data.resource_spans))),
                Err(error) => Err(self.endpoint.unreadable(&path, &error.to_string(), "")),
            },
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
