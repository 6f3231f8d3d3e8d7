//! Lines on their way to standard output: they wait in a queue with an end, and a thread of its own writes them. Whoever reads them
//! may be slow or stand still; requests do not wait for that. What finds the queue full is lost, and counted.

use std::{fmt, sync::OnceLock};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{MetricType, counter::ConstCounter},
    registry::Registry,
};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Lines that may wait. They have some 500 bytes each.
const MOST_LINES: usize = 4 * 1024;

/// There is one standard output, so there is one count.
static LOST: OnceLock<ErrorCounter> = OnceLock::new();

/// The queue, and what writes the rest of it when it is dropped.
pub(super) fn stdout() -> (NonBlocking, WorkerGuard) {
    let (queue, rest) = NonBlockingBuilder::default()
        .buffered_lines_limit(MOST_LINES)
        .lossy(true)
        .thread_name("log-lines")
        .finish(std::io::stdout());
    // A second installation fails, so nobody counts for another queue.
    LOST.set(queue.error_counter()).ok();
    (queue, rest)
}

/// Registers `log_lines_lost_total`.
pub(super) fn register(registry: &mut Registry) {
    registry.register_collector(Box::new(LostLines));
}

#[derive(Debug)]
struct LostLines;

impl Collector for LostLines {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let lost = LOST.get().map_or(0, ErrorCounter::dropped_lines);
        let help = "Log lines that were not written because nobody read the ones before";
        let metric =
            encoder.encode_descriptor("log_lines_lost", help, None, MetricType::Counter)?;
        ConstCounter::new(u64::try_from(lost).unwrap_or(u64::MAX)).encode(metric)
    }
}
