//! The tracer provider: who we are, what share is kept, where spans go.

use anyhow::Context as _;
use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, TracerProviderBuilder,
    },
};
use std::time::Duration;

use super::spans::gated;
use crate::config::Settings;

/// Spans waiting for export; when the collector is away, newer ones are dropped rather than memory filled.
const QUEUE_SIZE: usize = 4096;
/// Longest a finished span waits for company.
const EXPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Deadline of one export.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// A caller's decision to sample wins; of what starts here, the configured share is kept.
pub(super) fn provider(settings: &Settings) -> anyhow::Result<SdkTracerProvider> {
    let root = Sampler::TraceIdRatioBased(settings.trace_share);
    let builder = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(root)))
        .with_resource(resource(settings));
    Ok(with_exporter(builder, settings)?.build())
}

fn with_exporter(
    builder: TracerProviderBuilder,
    settings: &Settings,
) -> anyhow::Result<TracerProviderBuilder> {
    let Some(endpoint) = &settings.otlp_endpoint else { return Ok(builder) };
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint.as_str())
        .with_timeout(EXPORT_TIMEOUT)
        .build()
        .context("OTEL_EXPORTER_OTLP_ENDPOINT is not an endpoint")?;
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE_SIZE)
        .with_scheduled_delay(EXPORT_INTERVAL)
        .build();
    let batch = |exporter| BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
    Ok(builder.with_span_processor(gated(exporter, QUEUE_SIZE, batch)))
}

fn resource(settings: &Settings) -> Resource {
    Resource::builder_empty()
        .with_service_name(settings.service)
        .with_attributes([
            KeyValue::new("service.namespace", "ecotrack"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("deployment.environment", settings.environment.clone()),
        ])
        .build()
}
