//! Lines on their way to standard output: they wait in a queue with an end, and a thread of its own writes them. Whoever reads them
//! may be slow or stand still; requests do not wait for that. What finds the queue full is lost, and counted.

use std::{
    fmt,
    io::{self, BufWriter, Stdout, Write},
    sync::{OnceLock, mpsc},
    thread,
    time::Duration,
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{MetricType, counter::ConstCounter},
    registry::Registry,
};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Lines that may wait. They have some 500 bytes each.
const MOST_LINES: usize = 4 * 1024;
/// How long lines gather after some were written. A thread that is woken for each line costs more than the lines do.
const GATHERING: Duration = Duration::from_millis(5);
/// What is written at once at most, in bytes.
const AT_ONCE: usize = 64 * 1024;
/// Longest that the end of a service waits for who reads its last lines.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// There is one standard output, so there is one count.
static LOST: OnceLock<ErrorCounter> = OnceLock::new();

/// What is still in the queue when a service ends.
pub(super) struct Rest(WorkerGuard);

impl Rest {
    /// Writes it, unless nobody reads. Blocks for a moment.
    pub(super) fn write(self) {
        // Letting go waits for the reader without an end when the queue is full. The process ends anyway: it takes the thread along.
        let (done, heard) = mpsc::channel();
        thread::spawn(move || {
            drop(self.0);
            done.send(()).ok();
        });
        heard.recv_timeout(LAST_WORDS).ok();
    }
}

/// The queue, and what is left in it at the end.
pub(super) fn stdout() -> (NonBlocking, Rest) {
    let (queue, rest) = NonBlockingBuilder::default()
        .buffered_lines_limit(MOST_LINES)
        .lossy(true)
        .thread_name("log-lines")
        .finish(Gathering(BufWriter::with_capacity(AT_ONCE, io::stdout())));
    (queue, Rest(rest))
}

/// Writes when the queue is empty, and then looks away for a moment, so that there is more than one line the next time.
struct Gathering(BufWriter<Stdout>);

impl Write for Gathering {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    #[expect(clippy::disallowed_methods, reason = "this thread does nothing else")]
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        thread::sleep(GATHERING);
        Ok(())
    }
}

/// From now on the lines that this queue loses are counted.
pub(super) fn count(lost: ErrorCounter) {
    LOST.set(lost).ok();
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
        let help = "Log lines that found the queue to standard output full";
        let metric =
            encoder.encode_descriptor("log_lines_lost", help, None, MetricType::Counter)?;
        ConstCounter::new(u64::try_from(lost).unwrap_or(u64::MAX)).encode(metric)
    }
}
