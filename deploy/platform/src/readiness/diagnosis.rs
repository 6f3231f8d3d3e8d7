//! Why an object is not ready, as its pods and their last event tell it.

use serde_json::Value;

use crate::cluster::Cluster;
use crate::manifest::Object;

/// What was found, and the command that shows more.
pub(super) struct Diagnosis {
    pub(super) evidence: Vec<String>,
    pub(super) next: String,
}

/// Looks at the pods of an object, else at the object itself.
pub(super) async fn diagnose(cluster: &Cluster, object: &Object) -> Diagnosis {
    let namespace = object.namespace();
    let pod = match selector(object) {
        Some(selector) => find_unready_pod(cluster, namespace, &selector).await,
        None => None,
    };
    let Some(pod) = pod else {
        let evidence = last_event(cluster, object).await.into_iter().collect();
        return Diagnosis {
            evidence,
            next: cluster.hint(&format!(
                "-n {namespace} describe {} {}",
                object.kind().to_lowercase(),
                object.name()
            )),
        };
    };
    let mut evidence = vec![format!("pod {}: {}", pod.name(), trouble(&pod))];
    evidence.extend(last_event(cluster, &pod).await);
    let next = if has_started(&pod) {
        format!("-n {namespace} logs {} --all-containers --tail=50", pod.name())
    } else {
        format!("-n {namespace} describe pod {}", pod.name())
    };
    Diagnosis { evidence, next: cluster.hint(&next) }
}

fn selector(object: &Object) -> Option<String> {
    let labels = object.0.pointer("/spec/selector/matchLabels")?.as_object()?;
    let pairs: Vec<String> = labels
        .iter()
        .filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)))
        .collect();
    Some(pairs.join(","))
}

async fn find_unready_pod(cluster: &Cluster, namespace: &str, selector: &str) -> Option<Object> {
    // This only adds to an error that is told in any case.
    let pods = cluster.get(&["pods", "-n", namespace, "-l", selector]).await.ok()?;
    pods.into_iter().find(|pod| !is_ready(pod))
}

fn is_ready(pod: &Object) -> bool {
    pod.list("/status/conditions")
        .iter()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn containers(pod: &Object) -> impl Iterator<Item = &Value> {
    ["/status/initContainerStatuses", "/status/containerStatuses"]
        .into_iter()
        .flat_map(|pointer| pod.list(pointer))
}

fn has_started(pod: &Object) -> bool {
    containers(pod).any(|container| {
        container["state"].get("waiting").is_none() || container["restartCount"].as_u64() > Some(0)
    })
}

/// What keeps a pod from being ready, in words.
fn trouble(pod: &Object) -> String {
    let unscheduled = pod
        .list("/status/conditions")
        .iter()
        .find(|condition| condition["type"] == "PodScheduled" && condition["status"] != "True");
    if let Some(condition) = unscheduled {
        return format!("no node takes it: {}", text(condition, "message"));
    }
    let bad = containers(pod).find_map(container_trouble);
    bad.unwrap_or_else(|| {
        format!("phase {}, its readiness probe does not pass", pod.text("/status/phase"))
    })
}

fn container_trouble(container: &Value) -> Option<String> {
    let name = text(container, "name");
    let waiting = container["state"].get("waiting");
    let ended = [&container["state"], &container["lastState"]]
        .into_iter()
        .find_map(|state| state.get("terminated"))
        .filter(|ended| ended["exitCode"] != 0);
    match (waiting, ended) {
        (_, Some(ended)) => Some(format!(
            "container {name} ended with code {} ({}) {}",
            ended["exitCode"],
            text(ended, "reason"),
            text(ended, "message")
        )),
        (Some(waiting), None) => Some(format!(
            "container {name} waits: {} {}",
            text(waiting, "reason"),
            text(waiting, "message")
        )),
        (None, None) => None,
    }
}

async fn last_event(cluster: &Cluster, object: &Object) -> Option<String> {
    let selector =
        format!("involvedObject.kind={},involvedObject.name={}", object.kind(), object.name());
    // As above: an addition to an error.
    let events = cluster
        .get(&["events", "-n", object.namespace(), "--field-selector", &selector])
        .await
        .ok()?;
    let time = |event: &Object| {
        [event.text("/lastTimestamp"), event.text("/eventTime")]
            .into_iter()
            .max()
            .unwrap_or_default()
            .to_owned()
    };
    let last = events.iter().max_by_key(|event| time(event))?;
    Some(format!("last event: {} {}", last.text("/reason"), last.text("/message")))
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(status: &Value) -> Object {
        Object(
            json!({"kind": "Pod", "metadata": {"name": "kafka-0", "namespace": "data"}, "status": status}),
        )
    }

    #[test]
    fn a_pod_that_fits_nowhere_says_so() {
        let pod = pod(
            &json!({"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available: insufficient cpu"}]}),
        );
        assert_eq!(trouble(&pod), "no node takes it: 0/1 nodes are available: insufficient cpu");
    }

    #[test]
    fn an_image_that_is_missing_is_named() {
        let pod = pod(
            &json!({"containerStatuses": [{"name": "kafka", "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}]}),
        );
        assert_eq!(trouble(&pod), "container kafka waits: ErrImagePull not found");
        assert!(!has_started(&pod));
    }

    #[test]
    fn a_crash_tells_its_code_rather_than_the_waiting_after_it() {
        let container = json!({"name": "kafka", "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}});
        let pod = pod(&json!({"containerStatuses": [container]}));
        assert_eq!(trouble(&pod), "container kafka ended with code 137 (OOMKilled) ");
        assert!(has_started(&pod));
    }
}
