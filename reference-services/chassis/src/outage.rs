//! A worker whose database is away: that is said once when it begins and once when it ends, however often the worker looks.

use tokio::time::Instant;

use crate::{postgres, workers::Progress};

/// What a worker has to say about its failures.
pub(crate) struct Outage {
    worker: &'static str,
    since: Option<Instant>,
}

impl Outage {
    /// Nothing is away yet.
    pub(crate) const fn of(worker: &'static str) -> Self {
        Self { worker, since: None }
    }

    /// What a step came to. One that failed is tried again after a rest.
    pub(crate) fn progress(&mut self, step: anyhow::Result<Progress>) -> Progress {
        match step {
            Ok(progress) => {
                self.is_over();
                progress
            }
            Err(error) => {
                self.failed(&error);
                Progress::Idle
            }
        }
    }

    /// Something failed and is tried again. What is not for lack of a database is said each time.
    pub(crate) fn failed(&mut self, error: &anyhow::Error) {
        let (worker, text) = (self.worker, format!("{error:#}"));
        if !postgres::is_behind(error, postgres::is_unavailable) {
            tracing::warn!(worker, error = text, "step failed, trying again");
        } else if self.since.is_none() {
            self.since = Some(Instant::now());
            tracing::warn!(worker, error = text, "the database is away, waiting for it");
        }
    }

    /// Something worked.
    pub(crate) fn is_over(&mut self) {
        if let Some(since) = self.since.take() {
            let (worker, seconds) = (self.worker, since.elapsed().as_secs_f64());
            tracing::info!(worker, seconds, "the database is back");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use anyhow::{Context as _, anyhow};
    use tracing::{Event, Level, Subscriber};
    use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt as _};

    use super::*;

    #[derive(Clone, Default)]
    struct Said(Arc<Mutex<Vec<Level>>>);

    impl<S: Subscriber> Layer<S> for Said {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(*event.metadata().level());
        }
    }

    fn said(talk: impl FnOnce(&mut Outage)) -> Vec<Level> {
        let said = Said::default();
        let subscriber = tracing_subscriber::registry().with(said.clone());
        tracing::subscriber::with_default(subscriber, || talk(&mut Outage::of("test")));
        let levels = said.0.lock().unwrap();
        levels.clone()
    }

    fn away() -> anyhow::Error {
        Err::<(), _>(sqlx::Error::PoolTimedOut).context("no connection").unwrap_err()
    }

    #[test]
    fn a_database_that_is_away_is_said_once_and_so_is_its_return() {
        let levels = said(|outage| {
            for _ in 0..2 {
                (0..40).for_each(|_| outage.failed(&away()));
                (0..3).for_each(|_| outage.is_over());
            }
        });
        assert_eq!(levels, [Level::WARN, Level::INFO, Level::WARN, Level::INFO]);
    }

    #[test]
    fn any_other_failure_is_said_each_time() {
        let levels = said(|outage| {
            (0..3).for_each(|_| outage.failed(&anyhow!("on purpose")));
            outage.is_over();
        });
        assert_eq!(levels, [Level::WARN; 3]);
    }
}
