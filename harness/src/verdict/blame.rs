//! Whose fault an error is: the platform's, unless the harness's own way into the cluster or an observer failed.

use std::error::Error;

use prometheus_http_query::Error as PrometheusError;

use super::Verdict;
use crate::cluster::ClusterError;
use crate::cluster::probe_pod::ProbeError;
use crate::component::AskError;

/// Components that only tell what others did: where they are silent, nothing can be said. Prometheus, which is asked by a
/// client of its own, is one too.
const OBSERVERS: [&str; 3] = ["Loki", "Tempo", "Jaeger"];

/// The verdict of a scenario that an error ended.
pub(super) fn verdict(error: &anyhow::Error) -> Verdict {
    if error.chain().any(is_own) {
        Verdict::Error
    } else if error.chain().any(is_silence) {
        Verdict::Inconclusive
    } else {
        Verdict::Failed
    }
}

/// A failure of Kubernetes or of a connection of the harness. That something is not there is an answer.
fn is_own(cause: &(dyn Error + 'static)) -> bool {
    if let Some(error) = cause.downcast_ref::<ClusterError>() {
        return !matches!(error, ClusterError::Api { source, .. } if is_absence(source));
    }
    let lost = cause.downcast_ref::<kube::Error>().is_some_and(|error| !is_absence(error));
    lost || cause.is::<ProbeError>()
}

fn is_absence(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

/// An observer that gave no answer, or said that it cannot give one now.
fn is_silence(cause: &(dyn Error + 'static)) -> bool {
    match cause.downcast_ref::<AskError>() {
        Some(AskError::Unreachable { component, .. }) => OBSERVERS.contains(component),
        Some(AskError::Refused { component, status, .. }) => {
            status.is_server_error() && OBSERVERS.contains(component)
        }
        Some(AskError::Unreadable { .. }) => false,
        None => matches!(cause.downcast_ref(), Some(PrometheusError::Client(_))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::StatusCode;

    use super::*;
    use crate::check::Mismatch;
    use crate::eventually::{Observed, Unmet, eventually};
    use crate::verdict::Stop;

    fn refused(component: &'static str, status: StatusCode) -> AskError {
        let question = "GET /".to_owned();
        AskError::Refused { component, question, status, body: "not ready".to_owned() }
    }

    fn missing() -> kube::Error {
        let status = serde_json::json!({"code": 404, "reason": "NotFound", "message": "not found"});
        kube::Error::Api(serde_json::from_value(status).unwrap())
    }

    async fn waited(last: impl Fn() -> Unmet) -> Stop {
        let wait =
            eventually("a line", Duration::from_secs(1), || async { Observed::<()>::Err(last()) });
        Stop::from(wait.await.unwrap_err())
    }

    #[test]
    fn an_error_of_the_cluster_access_is_an_error_of_the_harness() {
        let cause =
            anyhow::Error::new(ClusterError::Manifest("x".into())).context("starting a probe");
        assert_eq!(verdict(&cause), Verdict::Error);
    }

    #[test]
    fn what_kubernetes_does_not_have_is_the_platforms_fault() {
        assert_eq!(verdict(&missing().into()), Verdict::Failed);
        assert_eq!(verdict(&ClusterError::api("reading x")(missing()).into()), Verdict::Failed);
    }

    #[test]
    fn an_observer_that_cannot_answer_leaves_it_open() {
        let verdict_of = |error: AskError| verdict(&error.into());
        assert_eq!(
            verdict_of(refused("Loki", StatusCode::SERVICE_UNAVAILABLE)),
            Verdict::Inconclusive
        );
        assert_eq!(verdict_of(refused("Loki", StatusCode::BAD_REQUEST)), Verdict::Failed);
        assert_eq!(
            verdict_of(refused("OpenBao", StatusCode::SERVICE_UNAVAILABLE)),
            Verdict::Failed
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_blamed_on_what_it_saw_last() {
        let silent = || Unmet::from(refused("Loki", StatusCode::SERVICE_UNAVAILABLE));
        let stop = waited(silent).await;
        assert_eq!(stop.verdict(), Verdict::Inconclusive, "{stop}");
        assert!(
            stop.sentence().starts_with("expected a line within 1.0 s, last seen after"),
            "{stop}"
        );
        let lost = || Unmet::from(ClusterError::Listen(std::io::ErrorKind::AddrInUse.into()));
        assert_eq!(waited(lost).await.verdict(), Verdict::Error);
        let other = || Unmet::from(Mismatch::new("one line", "none"));
        assert_eq!(waited(other).await.verdict(), Verdict::Failed);
    }
}
