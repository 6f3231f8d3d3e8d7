//! The only place of this crate that waits.
#![expect(clippy::disallowed_methods, reason = "this module is the one place where time passes")]

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

const FASTEST_POLL: Duration = Duration::from_millis(100);
const SLOWEST_POLL: Duration = Duration::from_secs(1);

/// A wait with an end.
#[derive(Debug)]
pub(crate) struct Patience {
    started: Instant,
    deadline: Instant,
    pause: Duration,
}

impl Patience {
    /// Begins to wait, at most `within`.
    pub(crate) fn new(within: Duration) -> Self {
        let started = Instant::now();
        Self { started, deadline: started + within, pause: FASTEST_POLL }
    }

    /// Time spent so far.
    pub(crate) fn spent(&self) -> Duration {
        self.started.elapsed()
    }

    /// Pauses before the next look, a little longer each time. False when no time is left.
    pub(crate) async fn pause(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        sleep(self.pause.min(left)).await;
        self.pause = self.pause.mul_f32(1.5).min(SLOWEST_POLL);
        true
    }
}

/// Lets a moment come.
pub(crate) async fn until(moment: Instant) {
    sleep_until(moment).await;
}
