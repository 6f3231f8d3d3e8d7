//! Where the platform's parts are in the cluster, as `ARCHITECTURE.md` says.

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;

use crate::cluster::{Cluster, Interface};

/// The five services.
pub const ECOTRACK: &str = "ecotrack";
/// The outside world.
pub const EXTERNAL: &str = "external";
/// PostgreSQL, Redis, Kafka.
pub const DATA: &str = "data";
/// Prometheus, Alertmanager, Loki, traces.
pub const OBSERVABILITY: &str = "observability";
/// The ingress gateway's namespace.
pub const INGRESS: &str = "istio-ingress";
/// The ingress gateway's Service.
pub const GATEWAY: &str = "ingressgateway";
/// The harness's own namespace, with the identity that OpenBao knows it by.
pub const CONFORMANCE: &str = "ecotrack-conformance";
/// The five services by name.
pub const SERVICES: [&str; 5] =
    ["user-service", "product-service", "order-service", "payment-service", "notification-service"];

/// The secret store's API: under this name its certificate is made, and secret stores and probes ask for it.
#[must_use]
pub fn openbao() -> Interface {
    Interface::new("openbao", "openbao", 8200)
}

/// The platform's certificate authority in PEM.
pub async fn platform_ca(cluster: &Cluster) -> Result<String> {
    authority(cluster, "the platform's", "platform-ca", "ca.crt").await
}

/// The authority that signs the identities of the mesh, in PEM, as the mesh publishes it in every namespace.
pub async fn mesh_ca(cluster: &Cluster) -> Result<String> {
    authority(cluster, "the mesh's", "istio-ca-root-cert", "root-cert.pem").await
}

async fn authority(cluster: &Cluster, whose: &str, name: &str, key: &str) -> Result<String> {
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client(), ECOTRACK);
    let map = maps
        .get(name)
        .await
        .with_context(|| format!("{whose} CA cannot be read from configmap ecotrack/{name}"))?;
    map.data
        .and_then(|mut data| data.remove(key))
        .with_context(|| format!("configmap ecotrack/{name} has no key {key}"))
}
