//! What is watched, and how far a counter moved.

use std::collections::BTreeSet;

use super::{Checked, judge};
use crate::component::places::SERVICES;
use crate::component::pods::ServicePod;
use crate::component::prometheus::Target;

/// A counter before and after.
#[derive(Debug, Clone, Copy)]
pub struct Movement {
    /// Value before the scenario acted.
    pub before: f64,
    /// Value after.
    pub after: f64,
}

impl Movement {
    /// By how much it moved.
    #[must_use]
    pub fn increase(self) -> f64 {
        self.after - self.before
    }
}

/// The counter moved by exactly this much.
pub fn increased_by(expected: f64) -> impl Fn(&Movement) -> Checked {
    move |movement| {
        // Counters of events are whole; sums of dollars come back rounded to cents.
        let exact = (movement.increase() - expected).abs() < 0.005;
        judge(
            exact,
            format!("an increase of {expected}"),
            format!("{} (from {} to {})", movement.increase(), movement.before, movement.after),
        )
    }
}

/// What Prometheus has of the pods of the five services.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    /// The pods that there are.
    pub pods: Vec<ServicePod>,
    /// Everything that is scraped.
    pub targets: Vec<Target>,
    /// Names of the pods whose application itself is in the last scrape.
    pub speaking: BTreeSet<String>,
}

impl Watched {
    fn is_up(&self, pod: &str) -> bool {
        let of_pod = |target: &&Target| target.labels.get("pod").is_some_and(|name| name == pod);
        self.targets.iter().filter(of_pod).any(|target| target.up)
    }

    fn pods_that_are_not(&self, fine: impl Fn(&str) -> bool) -> Vec<&str> {
        self.pods.iter().map(|pod| pod.name.as_str()).filter(|pod| !fine(pod)).collect()
    }
}

/// Each of the five services has a pod, and every pod has a target that is up and in which its application speaks.
pub fn all_watched(watched: &Watched) -> Checked {
    let down = watched.pods_that_are_not(|pod| watched.is_up(pod));
    let silent = watched.pods_that_are_not(|pod| watched.speaking.contains(pod));
    let absent: Vec<&str> = SERVICES
        .into_iter()
        .filter(|service| !watched.pods.iter().any(|pod| pod.app == *service))
        .collect();
    let seen = format!(
        "{} pods, not up {down:?}, without a metric of their application {silent:?}, services without a pod {absent:?}",
        watched.pods.len()
    );
    judge(
        down.is_empty() && silent.is_empty() && absent.is_empty(),
        "a target that is up and the application's own metrics for every pod",
        seen,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(app: &str) -> ServicePod {
        let (name, service_account) = (format!("{app}-1"), format!("{app}-sa"));
        let (app, ip) = (app.to_owned(), "10.244.0.9".to_owned());
        ServicePod { name, app, service_account, ip, containers: Vec::new(), ready: true }
    }

    fn target(pod: &str, up: bool) -> Target {
        let labels = [("pod".to_owned(), pod.to_owned())].into();
        Target { labels, up, last_error: String::new() }
    }

    /// One pod for each of these services, scraped and speaking.
    fn watched(apps: &[&str]) -> Watched {
        Watched {
            pods: apps.iter().map(|app| pod(app)).collect(),
            targets: apps.iter().map(|app| target(&format!("{app}-1"), true)).collect(),
            speaking: apps.iter().map(|app| format!("{app}-1")).collect(),
        }
    }

    #[track_caller]
    fn assert_names(watched: &Watched, name: &str) {
        let mismatch = all_watched(watched).unwrap_err().to_string();
        assert!(mismatch.contains(name), "{mismatch}");
    }

    #[test]
    fn a_pod_without_a_target_that_is_up_is_named() {
        let mut seen = watched(&SERVICES);
        assert!(all_watched(&seen).is_ok());
        seen.targets[2].up = false;
        assert_names(&seen, r#"not up ["order-service-1"]"#);
        seen.targets.clear();
        assert_names(&seen, "user-service-1");
    }

    #[test]
    fn an_application_that_is_dead_behind_a_proxy_that_answers_is_named() {
        let mut seen = watched(&SERVICES);
        seen.speaking.remove("payment-service-1");
        assert_names(&seen, r#"without a metric of their application ["payment-service-1"]"#);
    }

    #[test]
    fn a_service_without_a_pod_is_named() {
        assert_names(&watched(&["user-service"]), "order-service");
        assert_names(&Watched::default(), "user-service");
    }

    #[test]
    fn one_more_or_one_less_is_a_mismatch() {
        let by = |after| increased_by(7.0)(&Movement { before: 5.0, after });
        assert!(by(12.0).is_ok());
        assert!(by(11.0).unwrap_err().to_string().contains("an increase of 7, but saw 6"));
        assert!(by(13.0).is_err());
    }

    #[test]
    fn a_counter_that_is_not_there_has_not_moved() {
        assert!(increased_by(1.0)(&Movement { before: 0.0, after: 0.0 }).is_err());
    }
}
