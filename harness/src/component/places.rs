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
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client(), ECOTRACK);
    let map = maps
        .get("platform-ca")
        .await
        .context("the platform's CA cannot be read from configmap ecotrack/platform-ca")?;
    map.data
        .and_then(|mut data| data.remove("ca.crt"))
        .context("configmap ecotrack/platform-ca has no key ca.crt")
}
