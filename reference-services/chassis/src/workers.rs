//! Background tasks of a service: started once, told to stop, waited for.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{deadline, outage::Outage};

/// The service's background tasks.
#[derive(Clone)]
pub struct Workers {
    tracker: TaskTracker,
    stop: CancellationToken,
    failures: mpsc::Sender<anyhow::Error>,
}

impl Workers {
    /// No tasks yet, and where the first failure is heard.
    pub(crate) fn new() -> (Self, mpsc::Receiver<anyhow::Error>) {
        let (failures, heard) = mpsc::channel(1);
        (Self { tracker: TaskTracker::new(), stop: CancellationToken::new(), failures }, heard)
    }

    /// Starts a task. It must end soon after its token is cancelled; an error it returns, or a panic, ends the service.
    pub fn spawn<F, Fut>(&self, name: &'static str, work: F)
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let work = work(self.stop.clone());
        let failures = self.failures.clone();
        self.tracker.spawn(async move {
            // A worker that panicked would be missing without a word.
            let ended = AssertUnwindSafe(work).catch_unwind().await;
            if let Err(error) = ended.unwrap_or_else(|_| Err(anyhow::anyhow!("it panicked"))) {
                tracing::error!(worker = name, error = format!("{error:#}"), "a worker failed");
                // A full channel means another worker failed first, and the service is ending already.
                failures.try_send(error.context(format!("worker {name} failed"))).ok();
            }
        });
    }

    /// Runs a step again and again: at once when it found work, after `idle` when it did not.
    pub fn repeat<F, Fut>(&self, name: &'static str, idle: Duration, step: F)
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = anyhow::Result<Progress>> + Send,
    {
        self.repeat_after(name, move || tokio::time::sleep(idle), step);
    }

    /// Runs a step again and again: at once when it found work, after `rest` when it did not.
    pub(crate) fn repeat_after<R, Rest, F, Fut>(&self, name: &'static str, rest: R, mut step: F)
    where
        R: Fn() -> Rest + Send + 'static,
        Rest: Future + Send,
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = anyhow::Result<Progress>> + Send,
    {
        self.spawn(name, move |stop| async move {
            let mut outage = Outage::of(name);
            while !stop.is_cancelled() {
                let progress = outage.progress(deadline::of_step(step()).await);
                if matches!(progress, Progress::Idle) {
                    stop.run_until_cancelled(rest()).await;
                }
            }
            Ok(())
        });
    }

    /// Tells all tasks to stop and waits for them, at most so long. Says whether all of them did.
    pub(crate) async fn stop(&self, deadline: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(deadline, self.tracker.wait()).await.is_ok()
    }
}

/// What a worker's step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It did something; there may be more.
    Worked,
    /// There was nothing to do.
    Idle,
}

impl Progress {
    /// A step that took a batch: a full one says that there may be more.
    #[must_use]
    pub fn of_batch(taken: u64, batch: i64) -> Self {
        if i64::try_from(taken).is_ok_and(|taken| taken < batch) {
            Self::Idle
        } else {
            Self::Worked
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_step_that_never_ends_is_given_up_and_the_next_one_begins() {
        let (workers, _failures) = Workers::new();
        let (steps, begun) = (AtomicUsize::new(0), CancellationToken::new());
        let second = begun.clone();
        workers.repeat("stuck", Duration::from_secs(1), move || {
            if steps.fetch_add(1, Ordering::Relaxed) == 1 {
                second.cancel();
            }
            std::future::pending()
        });
        tokio::time::timeout(Duration::from_hours(1), begun.cancelled()).await.unwrap();
    }
}
