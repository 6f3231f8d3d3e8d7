//! Traces: one small trait, answered by Tempo or by Jaeger, both decoded from OTLP.

mod jaeger;
mod otlp;
mod span;
mod tempo;

use async_trait::async_trait;
use k8s_openapi::api::core::v1::Service;
use kube::Api;

use super::{AskError, Endpoint};
use crate::cluster::Interfaces;
use crate::suite::{Component, Suite};
pub use jaeger::Jaeger;
pub use span::{Kind, Span, Trace};
pub use tempo::Tempo;

/// A store of traces.
#[async_trait]
pub trait Traces: Send + Sync {
    /// The spans of a trace that have arrived so far; none when the store has not heard of it.
    async fn find_trace(&self, id: &str) -> Result<Option<Trace>, AskError>;
}

/// Whichever store this cluster has.
pub struct TraceStore(Box<dyn Traces>);

impl TraceStore {
    /// The spans of a trace that have arrived so far; none when the store has not heard of it.
    pub async fn find_trace(&self, id: &str) -> Result<Option<Trace>, AskError> {
        self.0.find_trace(id).await
    }
}

impl Component for TraceStore {
    async fn connect(suite: &Suite) -> anyhow::Result<Self> {
        let Interfaces { tempo, jaeger, .. } = suite.cluster().interfaces();
        let services: Api<Service> = Api::namespaced(suite.cluster().client(), &tempo.namespace);
        if services.get_opt(&tempo.service).await?.is_some() {
            let endpoint = Endpoint::forwarded(suite, "Tempo", tempo).await?;
            return Ok(Self(Box::new(Tempo::new(endpoint))));
        }
        Ok(Self(Box::new(Jaeger::new(Endpoint::forwarded(suite, "Jaeger", jaeger).await?))))
    }
}
