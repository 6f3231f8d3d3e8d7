//! What an object's own status says of it.

use serde_json::Value;

use crate::manifest::Object;

/// Whether an object is ready.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is.
    Ready,
    /// It may become so.
    Waiting(String),
    /// It never will by itself.
    Failed(String),
}

impl Verdict {
    /// Why it never will be ready.
    pub(crate) fn failure(&self) -> Option<&str> {
        match self {
            Self::Failed(reason) => Some(reason),
            Self::Ready | Self::Waiting(_) => None,
        }
    }

    /// Its state in words.
    pub(crate) fn words(&self) -> &str {
        match self {
            Self::Ready => "ready",
            Self::Waiting(words) | Self::Failed(words) => words,
        }
    }
}

/// Whether there is anything to wait for.
pub(crate) fn can_be_unready(object: &Object) -> bool {
    let kinds = [
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CustomResourceDefinition",
        "Prometheus",
        "Alertmanager",
        "ExternalSecret",
        "SecretStore",
    ];
    kinds.contains(&object.kind())
}

/// Judges an object as the cluster has it.
pub(crate) fn verdict(object: &Object) -> Verdict {
    match object.kind() {
        "Deployment" => deployment(object),
        "StatefulSet" => stateful_set(object),
        "DaemonSet" => daemon_set(object),
        "Job" => job(object),
        "CustomResourceDefinition" => condition(object, "Established"),
        "Prometheus" | "Alertmanager" => condition(object, "Available"),
        "ExternalSecret" | "SecretStore" => condition(object, "Ready"),
        _ => Verdict::Ready,
    }
}

fn deployment(object: &Object) -> Verdict {
    let wanted = object.number("/spec/replicas").unwrap_or(1);
    let [total, updated, available] =
        ["replicas", "updatedReplicas", "availableReplicas"].map(|field| status(object, field));
    if !is_observed(object) || updated < wanted {
        return Verdict::Waiting(format!("{updated} of {wanted} pods are of the newest version"));
    }
    if total > updated {
        return Verdict::Waiting(format!("{} old pods are still there", total - updated));
    }
    counted(available, wanted)
}

fn stateful_set(object: &Object) -> Verdict {
    let wanted = object.number("/spec/replicas").unwrap_or(1);
    let [updated, ready] = ["updatedReplicas", "readyReplicas"].map(|field| status(object, field));
    let is_rolled_out =
        object.text("/status/currentRevision") == object.text("/status/updateRevision");
    if !is_observed(object) || !is_rolled_out || updated < wanted {
        return Verdict::Waiting(format!("{updated} of {wanted} pods are of the newest version"));
    }
    counted(ready, wanted)
}

fn daemon_set(object: &Object) -> Verdict {
    let [wanted, updated, available] =
        ["desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable"]
            .map(|field| status(object, field));
    if !is_observed(object) || updated < wanted {
        return Verdict::Waiting(format!("{updated} of {wanted} pods are of the newest version"));
    }
    counted(available, wanted)
}

fn job(object: &Object) -> Verdict {
    if let Some(failed) = find_condition(object, "Failed").filter(|condition| holds(condition)) {
        return Verdict::Failed(format!("it failed for good: {}", message(failed)));
    }
    match find_condition(object, "Complete") {
        Some(complete) if holds(complete) => Verdict::Ready,
        _ => Verdict::Waiting(format!(
            "it is not complete, {} tries failed so far",
            status(object, "failed")
        )),
    }
}

fn condition(object: &Object, kind: &str) -> Verdict {
    match find_condition(object, kind) {
        Some(condition) if holds(condition) => Verdict::Ready,
        Some(condition) => {
            Verdict::Waiting(format!("it is not {}: {}", kind.to_lowercase(), message(condition)))
        }
        None => {
            Verdict::Waiting(format!("nobody has said yet whether it is {}", kind.to_lowercase()))
        }
    }
}

fn counted(ready: u64, wanted: u64) -> Verdict {
    if ready >= wanted {
        Verdict::Ready
    } else {
        Verdict::Waiting(format!("{ready} of {wanted} pods are ready"))
    }
}

fn is_observed(object: &Object) -> bool {
    object.number("/status/observedGeneration") >= object.number("/metadata/generation")
}

fn status(object: &Object, field: &str) -> u64 {
    object.number(&format!("/status/{field}")).unwrap_or_default()
}

fn find_condition<'a>(object: &'a Object, kind: &str) -> Option<&'a Value> {
    object.list("/status/conditions").iter().find(|condition| condition["type"] == kind)
}

fn holds(condition: &Value) -> bool {
    condition["status"] == "True"
}

fn message(condition: &Value) -> String {
    let text = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
    [text("reason"), text("message")]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(": ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(kind: &str, status: &Value) -> Verdict {
        verdict(&Object(
            json!({"kind": kind, "metadata": {"name": "x", "generation": 2}, "spec": {"replicas": 1}, "status": status}),
        ))
    }

    #[test]
    fn a_deployment_is_ready_when_all_its_pods_are_new_and_available() {
        let status = json!({"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1});
        assert_eq!(judged("Deployment", &status), Verdict::Ready);
    }

    #[test]
    fn a_change_the_cluster_has_not_seen_yet_is_waited_for() {
        let status = json!({"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1});
        assert!(matches!(judged("Deployment", &status), Verdict::Waiting(_)));
    }

    #[test]
    fn a_deployment_with_old_pods_left_is_not_ready() {
        let status = json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1, "availableReplicas": 2});
        assert_eq!(
            judged("Deployment", &status),
            Verdict::Waiting("1 old pods are still there".to_owned())
        );
    }

    #[test]
    fn a_stateful_set_is_ready_when_the_newest_revision_runs() {
        let status = |current: &str| json!({"observedGeneration": 2, "updatedReplicas": 1, "readyReplicas": 1, "currentRevision": current, "updateRevision": "b"});
        assert_eq!(judged("StatefulSet", &status("b")), Verdict::Ready);
        assert!(matches!(judged("StatefulSet", &status("a")), Verdict::Waiting(_)));
    }

    #[test]
    fn a_job_that_failed_for_good_is_not_waited_for() {
        let status = json!({"conditions": [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "too late"}]});
        assert_eq!(
            judged("Job", &status),
            Verdict::Failed("it failed for good: DeadlineExceeded: too late".to_owned())
        );
    }

    #[test]
    fn a_condition_that_nobody_set_is_waited_for() {
        assert!(matches!(judged("CustomResourceDefinition", &json!({})), Verdict::Waiting(_)));
        assert_eq!(
            judged("Prometheus", &json!({"conditions": [{"type": "Available", "status": "True"}]})),
            Verdict::Ready
        );
    }
}
