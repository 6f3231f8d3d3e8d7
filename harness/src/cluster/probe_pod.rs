//! A pod that asks from inside the cluster: with or without a sidecar, in any namespace, as any `ServiceAccount`.

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::DynamicObject;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::manifests::apply;
use super::{Cluster, ClusterError, PodRef, exec};
use crate::eventually::{Unmet, WaitError, eventually};
use crate::run_id::RunId;

/// The image of the probe program unless another is chosen: official name and tag.
pub const IMAGE: &str = "docker.io/ecotrack/conformance-probe:v1.2.0";
/// The program inside that image.
pub const PROGRAM: &str = "/app/conformance-probe";
const CONTAINER: &str = "probe";
/// Characters of arguments and complaints that an error shows.
const LONGEST_EXCERPT: usize = 240;

/// What a probe pod is to be.
#[derive(Debug, Clone)]
pub struct ProbeSpec {
    namespace: String,
    service_account: Option<String>,
    sidecar: bool,
}

impl ProbeSpec {
    /// A probe without a sidecar, as the namespace's default account.
    pub fn plain(namespace: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), service_account: None, sidecar: false }
    }

    /// A probe inside the mesh, with its own sidecar.
    pub fn meshed(namespace: impl Into<String>) -> Self {
        Self { sidecar: true, ..Self::plain(namespace) }
    }

    /// Runs as this `ServiceAccount`, which has to exist in the namespace.
    #[must_use]
    pub fn service_account(mut self, name: impl Into<String>) -> Self {
        self.service_account = Some(name.into());
        self
    }

    fn manifest(&self, name: &str, image: &str) -> Result<DynamicObject, ClusterError> {
        let labels = json!({
            "app.kubernetes.io/name": "conformance-probe",
            "sidecar.istio.io/inject": self.sidecar.to_string(),
        });
        let pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": self.namespace,
                "labels": labels,
                "annotations": {"proxy.istio.io/config": "holdApplicationUntilProxyStarts: true"},
            },
            "spec": {
                "serviceAccountName": self.service_account.as_deref().unwrap_or("default"),
                "automountServiceAccountToken": false,
                "enableServiceLinks": false,
                "terminationGracePeriodSeconds": 2,
                "securityContext": {"runAsNonRoot": true, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [{
                    "name": CONTAINER,
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": [PROGRAM],
                    "args": ["idle"],
                    "resources": {"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}},
                    "securityContext": {
                        "allowPrivilegeEscalation": false,
                        "readOnlyRootFilesystem": true,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }],
            },
        });
        serde_json::from_value(pod).map_err(|error| ClusterError::Manifest(error.to_string()))
    }
}

/// Why a probe gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The pod could not be made or reached.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The pod did not become ready.
    #[error(transparent)]
    NotReady(#[from] WaitError),
    /// The program in the pod failed or answered something else.
    #[error("the probe `{command}` in pod {pod} ended with {code}: {stderr}")]
    Program {
        /// Namespace and name of the pod.
        pod: String,
        /// The arguments.
        command: String,
        /// The exit code.
        code: i32,
        /// Its complaint, or why the answer could not be read.
        stderr: String,
    },
}

/// A ready probe pod. It carries the run's label: `sweep` takes it away.
#[derive(Debug, Clone)]
pub struct ProbePod {
    cluster: Cluster,
    pod: PodRef,
}

impl ProbePod {
    /// Starts the pod and waits until it is ready.
    pub async fn start(
        cluster: &Cluster,
        run: &RunId,
        spec: &ProbeSpec,
    ) -> Result<Self, ProbeError> {
        let name = format!("probe-{:08x}", rand::random::<u32>());
        let manifest = spec.manifest(&name, cluster.probe_image())?;
        apply(cluster, run, std::slice::from_ref(&manifest)).await?;
        let pod = PodRef::new(&spec.namespace, &name).container(CONTAINER);
        let probe = Self { cluster: cluster.clone(), pod };
        probe.await_ready().await?;
        Ok(probe)
    }

    async fn await_ready(&self) -> Result<(), WaitError> {
        let pods: Api<Pod> = Api::namespaced(self.cluster.client(), &self.pod.namespace);
        let what = format!("the probe pod {} to be ready", self.pod);
        eventually(&what, self.cluster.timeouts().probe_ready, || async {
            let pod = pods.get(&self.pod.name).await?;
            readiness(&pod)
        })
        .await
    }

    /// Namespace, name and container.
    #[must_use]
    pub fn pod(&self) -> &PodRef {
        &self.pod
    }

    /// Runs the probe program with these arguments and reads the JSON document it prints.
    pub async fn ask<T: DeserializeOwned>(&self, arguments: &[&str]) -> Result<T, ProbeError> {
        self.answer(arguments, None).await
    }

    /// As [`ProbePod::ask`], with something on standard input: the way of what must stand in no argument.
    pub async fn ask_with_input<T: DeserializeOwned>(
        &self,
        arguments: &[&str],
        input: &[u8],
    ) -> Result<T, ProbeError> {
        self.answer(arguments, Some(input)).await
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        arguments: &[&str],
        input: Option<&[u8]>,
    ) -> Result<T, ProbeError> {
        let command: Vec<&str> =
            std::iter::once(PROGRAM).chain(arguments.iter().copied()).collect();
        let executed = exec(&self.cluster, &self.pod, &command, input).await?;
        let failed = |stderr: &str| ProbeError::Program {
            pod: self.pod.to_string(),
            command: excerpt(&arguments.join(" ")),
            code: executed.code,
            stderr: excerpt(stderr),
        };
        if executed.code != 0 {
            return Err(failed(executed.stderr.trim()));
        }
        serde_json::from_str(&executed.stdout)
            .map_err(|error| failed(&format!("unreadable answer: {error}")))
    }
}

/// One line, short enough for a sentence.
fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_EXCERPT) {
        None => line,
        Some((end, _)) => format!("{} …", &line[..end]),
    }
}

/// Ready, not yet, or an image that will never come.
fn readiness(pod: &Pod) -> Result<(), Unmet> {
    let status = pod.status.clone().unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    if conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True") {
        return Ok(());
    }
    let containers = status.container_statuses.unwrap_or_default();
    let waiting: Vec<String> = containers
        .iter()
        .filter_map(|container| container.state.as_ref()?.waiting.as_ref())
        .map(|waiting| {
            format!(
                "{} {}",
                waiting.reason.as_deref().unwrap_or("waiting"),
                waiting.message.as_deref().unwrap_or_default()
            )
        })
        .collect();
    if let Some(hopeless) = waiting.iter().find(|reason| reason.starts_with("InvalidImageName")) {
        return Err(Unmet::failed(anyhow::anyhow!("{hopeless}")));
    }
    let phase = status.phase.unwrap_or_else(|| "unknown".to_owned());
    Err(Unmet::not_yet(format!(
        "phase {phase}, {}",
        if waiting.is_empty() { "nothing waiting".to_owned() } else { waiting.join("; ") }
    )))
}
