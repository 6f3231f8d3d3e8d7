//! Metrics: one registry per service, rendered for Prometheus off the async threads.

use std::sync::Arc;

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        family::{Family, MetricConstructor},
        histogram::Histogram,
    },
    registry::Registry,
};

pub use prometheus_client::metrics::counter::Counter;

/// Buckets of request durations in seconds: dense around the objectives of 0.25, 0.5 and 2 s.
pub const LATENCY_BUCKETS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0];

/// Makes histograms with fixed buckets.
#[derive(Debug, Clone, Copy)]
pub struct Buckets(pub &'static [f64]);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

/// Histograms of one name, by labels.
pub type Histograms<L> = Family<L, Histogram, Buckets>;

/// Labels of `http_server_requests_seconds`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// HTTP method.
    pub method: String,
    /// Route template, never the path itself: a path is unbounded.
    pub uri: String,
    /// Status code.
    pub status: u16,
    /// Name of the service.
    pub application: String,
    /// Deployment environment.
    pub environment: String,
}

/// Request durations.
pub type Requests = Histograms<RequestLabels>;

/// Registers `http_server_requests_seconds`.
pub(crate) fn requests(registry: &mut Registry) -> Requests {
    let requests = Requests::new_with_constructor(Buckets(LATENCY_BUCKETS));
    let help = "Duration of answered requests, by route template";
    registry.register("http_server_requests_seconds", help, requests.clone());
    requests
}

/// Content type of [`render`].
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The exposition as text.
pub(crate) async fn render(registry: Arc<Registry>) -> anyhow::Result<String> {
    let encode = move || {
        let mut output = String::new();
        text::encode(&mut output, &registry).map(|()| output)
    };
    Ok(tokio::task::spawn_blocking(encode).await??)
}
