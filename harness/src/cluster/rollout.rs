//! Deployments and stateful sets: restarted, scaled, awaited.

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::discovery::ApiResource;
use serde_json::json;

use super::{Cluster, ClusterError};
use crate::eventually::{Observed, Unmet, WaitError, eventually};

/// Something that keeps pods running: a Deployment or a `StatefulSet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    resource: ApiResource,
    namespace: String,
    name: String,
}

/// Numbers that say how far a rollout is.
struct Progress {
    generation: i64,
    observed: i64,
    wanted: i64,
    updated: i64,
    ready: i64,
    total: i64,
}

impl Progress {
    /// Both kinds say it in the same fields; one that is missing is zero, and replicas that nobody asked for are one.
    fn read(workload: &DynamicObject) -> Self {
        let number = |part: &str, field: &str| workload.data[part][field].as_i64();
        let status = |field: &str| number("status", field).unwrap_or_default();
        Self {
            generation: workload.metadata.generation.unwrap_or_default(),
            observed: status("observedGeneration"),
            wanted: number("spec", "replicas").unwrap_or(1),
            updated: status("updatedReplicas"),
            ready: status("readyReplicas"),
            total: status("replicas"),
        }
    }

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
        let resource = ApiResource::erase::<Deployment>(&());
        Self { resource, namespace: namespace.into(), name: name.into() }
    }

    /// A `StatefulSet`.
    pub fn stateful_set(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        let resource = ApiResource::erase::<StatefulSet>(&());
        Self { resource, namespace: namespace.into(), name: name.into() }
    }

    fn describe(&self) -> String {
        let Self { resource, namespace, name } = self;
        format!("{} {namespace}/{name}", resource.kind.to_lowercase())
    }

    fn api(&self, cluster: &Cluster) -> Api<DynamicObject> {
        Api::namespaced_with(cluster.client(), &self.namespace, &self.resource)
    }

    async fn progress(&self, cluster: &Cluster) -> Result<Progress, ClusterError> {
        let failed = ClusterError::api(format!("reading {}", self.describe()));
        let found = self.api(cluster).get(&self.name).await.map_err(failed)?;
        Ok(Progress::read(&found))
    }

    async fn merge(
        &self,
        cluster: &Cluster,
        doing: &str,
        patch: serde_json::Value,
    ) -> Result<(), ClusterError> {
        let failed = ClusterError::api(format!("{doing} {}", self.describe()));
        let (parameters, patch) = (PatchParams::default(), Patch::Merge(patch));
        self.api(cluster).patch(&self.name, &parameters, &patch).await.map(drop).map_err(failed)
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
pub async fn replicas(cluster: &Cluster, workload: &Workload) -> Result<i64, ClusterError> {
    Ok(workload.progress(cluster).await?.wanted)
}

/// Replaces every pod by a new one, as `kubectl rollout restart` does; does not wait.
pub async fn restart(cluster: &Cluster, workload: &Workload) -> Result<(), ClusterError> {
    let now = chrono::Utc::now().to_rfc3339();
    let annotation = json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": now}}}}});
    workload.merge(cluster, "restarting", annotation).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(status: &serde_json::Value) -> DynamicObject {
        serde_json::from_value(json!({
            "metadata": {"name": "order-service", "generation": 3},
            "spec": {"replicas": 2},
            "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn a_rollout_is_over_when_every_replica_is_new_and_ready() {
        let done = json!({"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2});
        assert!(Progress::read(&workload(&done)).verdict().is_ok());
    }

    #[test]
    fn an_old_replica_beside_the_new_ones_is_not_the_end() {
        let old = json!({"observedGeneration": 3, "replicas": 3, "updatedReplicas": 2, "readyReplicas": 2});
        let unseen = json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2});
        assert!(Progress::read(&workload(&old)).verdict().is_err());
        assert!(Progress::read(&workload(&unseen)).verdict().is_err());
        assert!(Progress::read(&workload(&json!({}))).verdict().is_err());
    }
}
