//! Looks for every capability at once. An absent or broken one is an answer with proof, never an error.

mod look;

use std::collections::BTreeMap;

use futures::future::join_all;

use super::{Capability, Presence};
use crate::cluster::{Cluster, Interfaces};
use crate::component::places;
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
    for look in looks(capability, cluster.interfaces()) {
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

/// Network plugins that enforce policies.
const ENFORCERS: [&str; 7] = [
    "calico-node",
    "cilium",
    "antrea-agent",
    "kindnet",
    "kube-router",
    "kube-network-policies",
    "aws-node",
];

/// What proves a capability: interfaces that answer, workloads that are ready, kinds that are served.
/// The places are those of `ARCHITECTURE.md`, of interfaces those of the profile where it names one.
fn looks(capability: Capability, at: &Interfaces) -> Vec<Look> {
    use Capability as C;
    let stateful = |namespace, name| vec![Look::ready(Kind::StatefulSet, namespace, name)];
    let answers = |at, path, version| vec![Look::Answers(Http::at(at, path, version))];
    match capability {
        C::Services => places::SERVICES
            .iter()
            .map(|name| Look::ready(Kind::Deployment, places::ECOTRACK, name))
            .collect(),
        C::Istio => operated("istio-system", "istiod", "security.istio.io"),
        C::Ingress => operated("istio-ingress", "ingressgateway", "networking.istio.io"),
        C::Prometheus => answers(&at.prometheus, "/api/v1/status/buildinfo", "/data/version"),
        C::Alertmanager => answers(&at.alertmanager, "/api/v2/status", "/versionInfo/version"),
        C::Loki => answers(&at.loki, "/loki/api/v1/status/buildinfo", "/version"),
        C::Traces => vec![Look::Either(
            Http::at(&at.tempo, "/api/status/buildinfo", "/version"),
            Http::at(&at.jaeger, "/api/v3/services", ""),
        )],
        C::Collector => vec![Look::Serves(at.collector.clone())],
        C::Grafana => answers(&at.grafana, "/api/health", "/version"),
        C::Kafka => stateful("data", "kafka"),
        C::Postgres => stateful("data", "postgres"),
        C::Redis => vec![Look::ready(Kind::Deployment, "data", "redis")],
        C::OpenBao => {
            let http = Http::at(&places::openbao(), "/v1/sys/health", "/version");
            vec![Look::Answers(http.with_tls())]
        }
        C::ExternalSecrets => {
            operated("external-secrets", "external-secrets", "external-secrets.io")
        }
        C::CertManager => operated("cert-manager", "cert-manager", "cert-manager.io"),
        C::Gatekeeper => gatekeeper(),
        C::NetworkPolicy => vec![Look::AnyDaemonSet(&ENFORCERS)],
        C::Falco => vec![Look::AnyDaemonSet(&["falco"])],
        C::ArgoCd => vec![
            Look::ready(Kind::StatefulSet, "argocd", "argocd-application-controller"),
            Look::group("argoproj.io"),
        ],
        C::Metrics => vec![Look::api("/apis/metrics.k8s.io/v1beta1/nodes")],
        C::CustomMetrics => vec![Look::api("/apis/custom.metrics.k8s.io/v1beta2")],
        C::Vpa => operated("kube-system", "vpa-recommender", "autoscaling.k8s.io"),
        C::Emissary => operated("emissary", "emissary-ingress", "getambassador.io"),
        C::ExternalDns => vec![Look::ready(Kind::Deployment, "external-dns", "external-dns")],
    }
}

fn gatekeeper() -> Vec<Look> {
    operated("gatekeeper-system", "gatekeeper-controller-manager", "templates.gatekeeper.sh")
}

/// A controller that is ready, and the kinds that it gives a meaning to.
fn operated(namespace: &'static str, deployment: &'static str, group: &'static str) -> Vec<Look> {
    vec![Look::ready(Kind::Deployment, namespace, deployment), Look::group(group)]
}
