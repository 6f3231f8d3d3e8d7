//! Background tasks of a service: started once, told to stop, waited for.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

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

    /// Starts a task. It must end soon after its token is cancelled; an error it returns ends the service.
    pub fn spawn<F, Fut>(&self, name: &'static str, work: F)
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let work = work(self.stop.clone());
        let failures = self.failures.clone();
        self.tracker.spawn(async move {
            if let Err(error) = work.await {
                tracing::error!(worker = name, error = format!("{error:#}"), "a worker failed");
                // A full channel means another worker failed first, and the service is ending already.
                failures.try_send(error.context(format!("worker {name} failed"))).ok();
            }
        });
    }

    /// Runs a step again and again: at once when it found work, after `idle` when it did not.
    pub fn repeat<F, Fut>(&self, name: &'static str, idle: Duration, mut step: F)
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = anyhow::Result<Progress>> + Send,
    {
        self.spawn(name, move |stop| async move {
            while !stop.is_cancelled() {
                let progress = step().await.unwrap_or_else(|error| {
                    tracing::warn!(
                        worker = name,
                        error = format!("{error:#}"),
                        "step failed, trying again"
                    );
                    Progress::Idle
                });
                if matches!(progress, Progress::Idle) {
                    stop.run_until_cancelled(tokio::time::sleep(idle)).await;
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
