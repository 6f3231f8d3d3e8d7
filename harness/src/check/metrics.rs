//! What is watched, and how far a counter moved.

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

/// Each of the five services has a pod, and every pod has a target that is up.
pub fn all_watched(pods: &[ServicePod], targets: &[Target]) -> Checked {
    let up = |pod: &str| {
        targets
            .iter()
            .any(|target| target.up && target.labels.get("pod").is_some_and(|name| name == pod))
    };
    let unwatched: Vec<&str> =
        pods.iter().map(|pod| pod.name.as_str()).filter(|pod| !up(pod)).collect();
    let absent: Vec<&str> = SERVICES
        .into_iter()
        .filter(|service| !pods.iter().any(|pod| pod.app == *service))
        .collect();
    let seen =
        format!("{} pods, not up {unwatched:?}, services without a pod {absent:?}", pods.len());
    judge(unwatched.is_empty() && absent.is_empty(), "a target that is up for every pod", seen)
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

    #[test]
    fn a_pod_without_a_target_that_is_up_is_named() {
        let pods = SERVICES.map(pod);
        let mut targets = SERVICES.map(|app| target(&format!("{app}-1"), true));
        assert!(all_watched(&pods, &targets).is_ok());
        targets[2].up = false;
        assert!(all_watched(&pods, &targets).unwrap_err().to_string().contains("order-service-1"));
        assert!(all_watched(&pods, &[]).is_err());
    }

    #[test]
    fn a_service_without_a_pod_is_named() {
        let targets = SERVICES.map(|app| target(&format!("{app}-1"), true));
        let few = [pod("user-service")];
        assert!(all_watched(&few, &targets).unwrap_err().to_string().contains("order-service"));
        assert!(all_watched(&[], &targets).is_err());
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
