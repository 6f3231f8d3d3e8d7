//! Readiness: what a service cannot serve without. Liveness asks nothing but the process itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt as _, future::BoxFuture, future::join_all};
use serde::Serialize;

/// Longest a check may take; a dependency that is slower is not there.
const CHECK_DEADLINE: Duration = Duration::from_secs(1);

type Check = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// The checks that readiness follows.
#[derive(Clone, Default)]
pub struct Health {
    checks: Vec<(&'static str, Check)>,
    stopping: Arc<AtomicBool>,
}

/// What readiness answers: the state of each dependency, and no detail an outsider could use.
#[derive(Debug, Serialize)]
pub(crate) struct Readiness {
    status: &'static str,
    components: std::collections::BTreeMap<&'static str, &'static str>,
}

impl Readiness {
    pub(crate) fn is_up(&self) -> bool {
        self.status == "UP"
    }
}

impl Health {
    /// Adds a dependency that the service cannot serve without. The check says whether it is usable right now.
    pub fn register<F, Fut>(&mut self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        self.checks.push((name, Arc::new(move || check().boxed())));
    }

    /// Turns readiness off for good: the process is about to end.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    pub(crate) async fn readiness(&self) -> Readiness {
        let answers = join_all(self.checks.iter().map(|(name, check)| answer(name, check))).await;
        let up = answers.iter().all(|(_, up)| *up) && !self.stopping.load(Ordering::Acquire);
        let components = answers.into_iter().map(|(name, up)| (name, word(up))).collect();
        Readiness { status: word(up), components }
    }
}

async fn answer(name: &'static str, check: &Check) -> (&'static str, bool) {
    (name, tokio::time::timeout(CHECK_DEADLINE, check()).await.unwrap_or(false))
}

const fn word(up: bool) -> &'static str {
    if up { "UP" } else { "DOWN" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_missing_dependency_makes_the_service_unready() {
        let mut health = Health::default();
        health.register("database", || async { true });
        assert!(health.readiness().await.is_up());
        health.register("keys", || async { false });
        let readiness = health.readiness().await;
        assert!(!readiness.is_up());
        assert_eq!(readiness.components["database"], "UP");
    }

    #[tokio::test]
    async fn a_dependency_that_never_answers_is_not_there() {
        let mut health = Health::default();
        health.register("database", std::future::pending::<bool>);
        assert!(!health.readiness().await.is_up());
    }

    #[tokio::test]
    async fn a_stopping_service_is_not_ready() {
        let health = Health::default();
        health.stop();
        assert!(!health.readiness().await.is_up());
    }
}
