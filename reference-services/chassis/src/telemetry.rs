//! Logs to standard output and traces to the collector; one installation per process.

mod logs;
pub mod propagation;
mod queue;
mod spans;
mod traces;

use anyhow::Context as _;
use opentelemetry::trace::{SpanContext, TraceContextExt as _, TracerProvider as _};
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus_client::registry::Registry;
use tracing::{Level, Metadata};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{FilterFn, LevelFilter},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::config::Settings;
use queue::Rest;

pub use logs::JsonLines;
use spans::SPANS;

/// Keeps telemetry going; flush it before the process ends.
#[must_use = "what is still queued is lost without a flush"]
pub struct Telemetry {
    provider: SdkTracerProvider,
    lines: Rest,
}

impl Telemetry {
    /// Installs logging and tracing for the whole process. Must be called inside a tokio runtime.
    pub fn install(settings: &Settings) -> anyhow::Result<Self> {
        let provider = traces::provider(settings)?;
        let filter =
            EnvFilter::try_new(&settings.log_filter).context("ECOTRACK_LOG is not a log filter")?;
        let (queue, lines) = queue::stdout();
        let lost = queue.error_counter();
        // Each layer has its own filter: what is logged does not decide what is traced.
        // Where in the code, on which thread and how long it was worked on is nobody's question to a trace.
        let spans = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(settings.service))
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        let traced = FilterFn::new(is_traced).with_max_level_hint(LevelFilter::INFO);
        tracing_subscriber::registry()
            .with(spans.with_filter(traced))
            .with(JsonLines::to(queue).with_filter(filter))
            .try_init()
            .context("telemetry is already installed in this process")?;
        queue::count(lost);
        Ok(Self { provider, lines })
    }

    /// Sends the spans and writes the lines that are queued, each within a deadline of its own. Blocks.
    pub fn flush(self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "traces that were still queued are lost");
        }
        self.lines.write();
    }
}

/// A span tells what was done, and of what was said meanwhile only what is a warning: lines carry the ids of their trace.
fn is_traced(metadata: &Metadata<'_>) -> bool {
    let most = if metadata.is_span() { Level::INFO } else { Level::WARN };
    *metadata.level() <= most
}

/// Registers what telemetry itself loses.
pub(crate) fn register(registry: &mut Registry) {
    SPANS.register(registry);
    queue::register(registry);
}

/// Trace and span the caller is in; invalid when it is in none.
#[must_use]
pub fn current_span_context() -> SpanContext {
    tracing::Span::current().context().span().span_context().clone()
}

/// The current trace id as hexadecimal text, if there is a trace.
#[must_use]
pub fn current_trace_id() -> Option<String> {
    let context = current_span_context();
    context.is_valid().then(|| context.trace_id().to_string())
}
