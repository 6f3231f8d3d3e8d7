//! How many replicas a Deployment is to have.

use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;

use super::{Cluster, ClusterError};

/// The number of replicas asked for now; one where nobody says it.
pub async fn replicas(
    cluster: &Cluster,
    namespace: &str,
    deployment: &str,
) -> Result<i32, ClusterError> {
    let deployments: Api<Deployment> = Api::namespaced(cluster.client(), namespace);
    let failed = ClusterError::api(format!("reading deployment {namespace}/{deployment}"));
    let found = deployments.get(deployment).await.map_err(failed)?;
    Ok(found.spec.replicas.unwrap_or(1))
}
