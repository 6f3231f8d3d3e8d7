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
    end: Instant,
    standstill: Duration,
    pause: Duration,
}

impl Patience {
    /// Begins to wait, at most `within`.
    pub(crate) fn new(within: Duration) -> Self {
        Self::of_progress(within, 1)
    }

    /// Begins to wait as long as there is progress at least every `standstill`, and at most so many of them.
    pub(crate) fn of_progress(standstill: Duration, most: u32) -> Self {
        let started = Instant::now();
        let (deadline, end) = (started + standstill, started + standstill * most);
        Self { started, deadline, end, standstill, pause: FASTEST_POLL }
    }

    /// Something moved: what is left of the patience begins anew, up to its end.
    pub(crate) fn progress(&mut self) {
        self.deadline = (Instant::now() + self.standstill).min(self.end);
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

#[cfg(test)]
mod tests {
    use super::*;

    const STANDSTILL: Duration = Duration::from_mins(1);

    async fn waited(mut patience: Patience, progress: impl Fn(Duration) -> bool) -> Duration {
        while patience.pause().await {
            if progress(patience.spent()) {
                patience.progress();
            }
        }
        patience.spent()
    }

    #[tokio::test(start_paused = true)]
    async fn without_progress_patience_ends_after_one_standstill() {
        let spent = waited(Patience::of_progress(STANDSTILL, 10), |_| false).await;
        assert_eq!(spent.as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn progress_is_given_time_and_what_stops_afterwards_is_not() {
        let until = |seconds| move |spent: Duration| spent.as_secs() < seconds;
        let spent = waited(Patience::of_progress(STANDSTILL, 10), until(90)).await;
        assert!((149..=151).contains(&spent.as_secs()), "{spent:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_goes_round_in_circles_comes_to_an_end_too() {
        let spent = waited(Patience::of_progress(STANDSTILL, 10), |_| true).await;
        assert_eq!(spent.as_secs(), 600);
    }
}
