//! Spans on their way out: how many may wait, and what became of each.
//!
//! The batch processor of the SDK drops silently when its queue is full. So a counted gate stands before it: no more spans go in
//! than the queue holds, and what finds the gate closed is counted as dropped.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanExporter, SpanProcessor},
};
use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// What became of the spans of this process; there is one installation of telemetry in it.
pub(crate) static SPANS: LazyLock<Spans> = LazyLock::new(Spans::default);

/// `telemetry_spans_total` by result.
#[derive(Debug, Default)]
pub(crate) struct Spans(Family<[(&'static str, &'static str); 1], Counter>);

impl Spans {
    /// Registers the metric.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let help = "Finished spans by what became of them: exported, failed (the collector did not take them), dropped (too many waited)";
        registry.register("telemetry_spans", help, self.0.clone());
    }

    fn add(&self, result: &'static str, count: usize) {
        self.0.get_or_create(&[("result", result)]).inc_by(count as u64);
    }
}

/// How many spans are between the gate and the collector.
#[derive(Debug, Clone, Default)]
struct Waiting(Arc<AtomicUsize>);

/// Lets so many spans in at once.
#[derive(Debug)]
pub(super) struct Gate<P> {
    next: P,
    waiting: Waiting,
    limit: usize,
}

/// Notes what left through the gate behind.
#[derive(Debug)]
pub(super) struct Noting<E> {
    next: E,
    waiting: Waiting,
}

/// A gate before the processor that `processor` makes around the exporter.
pub(super) fn gated<E: SpanExporter, P: SpanProcessor>(
    exporter: E,
    limit: usize,
    processor: impl FnOnce(Noting<E>) -> P,
) -> Gate<P> {
    let waiting = Waiting::default();
    let next = processor(Noting { next: exporter, waiting: waiting.clone() });
    Gate { next, waiting, limit }
}

impl<P: SpanProcessor> SpanProcessor for Gate<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.next.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        if self.waiting.0.fetch_add(1, Ordering::Relaxed) < self.limit {
            self.next.on_end(span);
        } else {
            self.waiting.0.fetch_sub(1, Ordering::Relaxed);
            SPANS.add("dropped", 1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

impl<E: SpanExporter> SpanExporter for Noting<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let outcome = self.next.export(batch).await;
        self.waiting.0.fetch_sub(count, Ordering::Relaxed);
        SPANS.add(if outcome.is_ok() { "exported" } else { "failed" }, count);
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
    use tokio::sync::Semaphore;

    use super::*;

    /// A collector that takes nothing until it is told to.
    #[derive(Debug, Clone)]
    struct Stuck(Arc<Semaphore>);

    impl SpanExporter for Stuck {
        async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
            self.0.acquire().await.map(drop).ok();
            Ok(())
        }
    }

    fn count(result: &'static str) -> u64 {
        SPANS.0.get_or_create(&[("result", result)]).get()
    }

    #[test]
    fn what_a_dead_collector_leaves_no_room_for_is_dropped_and_counted() {
        let open = Arc::new(Semaphore::new(0));
        let batch = |exporter| {
            let config = BatchConfigBuilder::default().with_max_queue_size(64).build();
            BatchSpanProcessor::builder(exporter).with_batch_config(config).build()
        };
        let provider = SdkTracerProvider::builder()
            .with_span_processor(gated(Stuck(Arc::clone(&open)), 64, batch))
            .build();
        let tracer = provider.tracer("test");
        for _ in 0..100 {
            drop(tracer.start("work"));
        }
        assert_eq!(count("dropped"), 36);
        open.add_permits(100);
        provider.shutdown().unwrap();
        assert_eq!(count("exported"), 64);
    }
}
