//! Looks for every capability at once. An absent or broken one is an answer with proof, never an error.

mod look;

use std::collections::BTreeMap;

use futures::future::join_all;

use super::{Capability, Presence};
use crate::cluster::Cluster;
use look::{Http, Kind, Look, Missed};

/// Asks the cluster for everything in [`Capability::ALL`].
pub async fn detect(cluster: &Cluster) -> BTreeMap<Capability, Presence> {
    let looks = Capability::ALL
        .iter()
        .map(|capability| async { (*capability, presence(cluster, *capability).await) });
    join_all(looks).await.into_iter().collect()
}

/// Every look has to succeed; the first that does not decides.
async fn presence(cluster: &Cluster, capability: Capability) -> Presence {
    let (mut versions, mut proofs) = (Vec::new(), Vec::new());
    for look in looks(capability) {
        match look.take(cluster).await {
            Ok(seen) => {
                versions.extend(seen.version);
                proofs.push(seen.proof);
            }
            Err(Missed::Absent(proof)) => return Presence::Absent { proof },
            Err(Missed::Broken(proof)) => return Presence::Broken { proof },
        }
    }
    let version = versions.into_iter().next().unwrap_or_else(|| "unknown".to_owned());
    Presence::Present { version, proof: proofs.join("; ") }
}

/// What proves a capability: interfaces that answer, workloads that are ready, kinds that are served.
/// The places are those of `ARCHITECTURE.md`.
fn looks(capability: Capability) -> Vec<Look> {
    use Capability as C;
    match capability {
        C::Services => ["user", "product", "order", "payment", "notification"]
            .iter()
            .map(|name| Look::ready(Kind::Deployment, "ecotrack", &format!("{name}-service")))
            .collect(),
        C::Istio => vec![
            Look::ready(Kind::Deployment, "istio-system", "istiod"),
            Look::group("security.istio.io"),
        ],
        C::Ingress => vec![
            Look::ready(Kind::Deployment, "istio-ingress", "ingressgateway"),
            Look::group("networking.istio.io"),
        ],
        C::Prometheus => vec![Look::http(
            "observability",
            "prometheus-operated:9090",
            "/api/v1/status/buildinfo",
            "/data/version",
        )],
        C::Alertmanager => vec![Look::http(
            "observability",
            "alertmanager-operated:9093",
            "/api/v2/status",
            "/versionInfo/version",
        )],
        C::Loki => vec![Look::http(
            "observability",
            "loki:3100",
            "/loki/api/v1/status/buildinfo",
            "/version",
        )],
        C::Traces => vec![Look::Either(
            Http::new("observability", "tempo:3200", "/api/status/buildinfo", "/version"),
            Http::new("observability", "jaeger:16686", "/api/v3/services", ""),
        )],
        C::Grafana => vec![Look::http("observability", "grafana:80", "/api/health", "/version")],
        C::Kafka => vec![Look::ready(Kind::StatefulSet, "data", "kafka")],
        C::Postgres => vec![Look::ready(Kind::StatefulSet, "data", "postgres")],
        C::Redis => vec![Look::ready(Kind::Deployment, "data", "redis")],
        C::OpenBao => {
            vec![Look::http("openbao", "https:openbao:8200", "/v1/sys/health", "/version")]
        }
        C::ExternalSecrets => vec![
            Look::ready(Kind::Deployment, "external-secrets", "external-secrets"),
            Look::group("external-secrets.io"),
        ],
        C::CertManager => vec![
            Look::ready(Kind::Deployment, "cert-manager", "cert-manager"),
            Look::group("cert-manager.io"),
        ],
        C::Gatekeeper => vec![
            Look::ready(Kind::Deployment, "gatekeeper-system", "gatekeeper-controller-manager"),
            Look::group("templates.gatekeeper.sh"),
        ],
        C::NetworkPolicy => vec![Look::AnyDaemonSet(&[
            "calico-node",
            "cilium",
            "antrea-agent",
            "kindnet",
            "kube-router",
            "kube-network-policies",
            "aws-node",
        ])],
        C::Falco => vec![Look::AnyDaemonSet(&["falco"])],
        C::ArgoCd => vec![
            Look::ready(Kind::StatefulSet, "argocd", "argocd-application-controller"),
            Look::group("argoproj.io"),
        ],
        C::Metrics => vec![Look::api("/apis/metrics.k8s.io/v1beta1/nodes")],
        C::CustomMetrics => vec![Look::api("/apis/custom.metrics.k8s.io/v1beta2")],
        C::Vpa => vec![
            Look::group("autoscaling.k8s.io"),
            Look::ready(Kind::Deployment, "kube-system", "vpa-recommender"),
        ],
        C::Emissary => vec![
            Look::group("getambassador.io"),
            Look::ready(Kind::Deployment, "emissary", "emissary-ingress"),
        ],
        C::ExternalDns => vec![Look::ready(Kind::Deployment, "external-dns", "external-dns")],
    }
}
