//! Deployments and stateful sets: restarted, scaled, awaited.

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::{Cluster, ClusterError};
use crate::eventually::{Observed, Unmet, WaitError, eventually};

/// Something that keeps pods running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workload {
    /// A Deployment.
    Deployment {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// A `StatefulSet`.
    StatefulSet {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

/// Numbers that say how far a rollout is.
struct Progress {
    generation: i64,
    observed: i64,
    wanted: i32,
    updated: i32,
    ready: i32,
    total: i32,
}

impl Progress {
    fn verdict(&self) -> Observed<()> {
        let done = self.observed >= self.generation
            && self.updated == self.wanted
            && self.ready == self.wanted
            && self.total == self.wanted;
        if done {
            return Ok(());
        }
        let Self { wanted, updated, ready, total, .. } = self;
        Err(Unmet::not_yet(format!("{updated} of {wanted} updated, {ready} ready, {total} in all")))
    }
}

impl Workload {
    /// A Deployment.
    pub fn deployment(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self::Deployment { namespace: namespace.into(), name: name.into() }
    }

    /// A `StatefulSet`.
    pub fn stateful_set(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self::StatefulSet { namespace: namespace.into(), name: name.into() }
    }

    fn describe(&self) -> String {
        match self {
            Self::Deployment { namespace, name } => format!("deployment {namespace}/{name}"),
            Self::StatefulSet { namespace, name } => format!("statefulset {namespace}/{name}"),
        }
    }

    async fn progress(&self, cluster: &Cluster) -> Result<Progress, ClusterError> {
        let failed = ClusterError::api(format!("reading {}", self.describe()));
        match self {
            Self::Deployment { namespace, name } => {
                let found = Api::<Deployment>::namespaced(cluster.client(), namespace)
                    .get(name)
                    .await
                    .map_err(failed)?;
                let status = found.status.unwrap_or_default();
                Ok(Progress {
                    generation: found.metadata.generation.unwrap_or_default(),
                    observed: status.observed_generation.unwrap_or_default(),
                    wanted: found.spec.replicas.unwrap_or(1),
                    updated: status.updated_replicas.unwrap_or_default(),
                    ready: status.ready_replicas.unwrap_or_default(),
                    total: status.replicas.unwrap_or_default(),
                })
            }
            Self::StatefulSet { namespace, name } => {
                let found = Api::<StatefulSet>::namespaced(cluster.client(), namespace)
                    .get(name)
                    .await
                    .map_err(failed)?;
                let status = found.status.unwrap_or_default();
                Ok(Progress {
                    generation: found.metadata.generation.unwrap_or_default(),
                    observed: status.observed_generation.unwrap_or_default(),
                    wanted: found.spec.replicas.unwrap_or(1),
                    updated: status.updated_replicas.unwrap_or_default(),
                    ready: status.ready_replicas.unwrap_or_default(),
                    total: status.replicas,
                })
            }
        }
    }

    async fn merge(
        &self,
        cluster: &Cluster,
        doing: &str,
        patch: serde_json::Value,
    ) -> Result<(), ClusterError> {
        let failed = ClusterError::api(format!("{doing} {}", self.describe()));
        let (parameters, patch) = (PatchParams::default(), Patch::Merge(patch));
        match self {
            Self::Deployment { namespace, name } => {
                let api = Api::<Deployment>::namespaced(cluster.client(), namespace);
                api.patch(name, &parameters, &patch).await.map(drop).map_err(failed)
            }
            Self::StatefulSet { namespace, name } => {
                let api = Api::<StatefulSet>::namespaced(cluster.client(), namespace);
                api.patch(name, &parameters, &patch).await.map(drop).map_err(failed)
            }
        }
    }
}

/// Waits until every replica is of the newest generation and ready, and no older one is left.
pub async fn await_rollout(cluster: &Cluster, workload: &Workload) -> Result<(), WaitError> {
    let what = format!("every replica of {} updated and ready", workload.describe());
    eventually(&what, cluster.timeouts().rollout, || async {
        workload.progress(cluster).await?.verdict()
    })
    .await
}

/// Asks for a number of replicas; does not wait.
pub async fn scale(
    cluster: &Cluster,
    workload: &Workload,
    replicas: u32,
) -> Result<(), ClusterError> {
    workload.merge(cluster, "scaling", json!({"spec": {"replicas": replicas}})).await
}

/// The number of replicas asked for now.
pub async fn replicas(cluster: &Cluster, workload: &Workload) -> Result<i32, ClusterError> {
    Ok(workload.progress(cluster).await?.wanted)
}

/// Replaces every pod by a new one, as `kubectl rollout restart` does; does not wait.
pub async fn restart(cluster: &Cluster, workload: &Workload) -> Result<(), ClusterError> {
    let now = chrono::Utc::now().to_rfc3339();
    let annotation = json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": now}}}}});
    workload.merge(cluster, "restarting", annotation).await
}
