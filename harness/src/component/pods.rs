//! The pods of the five services: which there are, what runs in them, as whom.

use anyhow::{Context, Result};
use futures::future::join_all;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;

use super::istio::ProxyStats;
use super::places;
use crate::cluster::{Cluster, PodRef, PortForward, Target, exec};
use crate::services::Answer;
use crate::suite::Suite;

/// The mesh proxy's container in every pod of the mesh.
pub const PROXY: &str = "istio-proxy";
const APPLICATION_PORT: u16 = 8080;

/// One pod of a service.
#[derive(Debug, Clone)]
pub struct ServicePod {
    /// Its name.
    pub name: String,
    /// Its label `app`.
    pub app: String,
    /// Its `ServiceAccount`.
    pub service_account: String,
    /// Its IP address.
    pub ip: String,
    /// Its containers, restartable init containers included: a sidecar may be either.
    pub containers: Vec<String>,
    /// Ready to serve.
    pub ready: bool,
}

/// The pods that belong to `EcoTrack`, ready or not; pods that are being deleted are left out.
pub async fn list(cluster: &Cluster) -> Result<Vec<ServicePod>> {
    let pods: Api<Pod> = Api::namespaced(cluster.client(), places::ECOTRACK);
    let of_ecotrack = ListParams::default().labels("app.kubernetes.io/part-of=ecotrack");
    let found =
        pods.list(&of_ecotrack).await.context("the pods of namespace ecotrack cannot be listed")?;
    Ok(found
        .items
        .into_iter()
        .filter(|pod| pod.metadata.deletion_timestamp.is_none())
        .map(service_pod)
        .collect())
}

/// The ready pods of one service; none is an error, since nothing can be asked of them.
pub async fn list_ready(cluster: &Cluster, service: &str) -> Result<Vec<ServicePod>> {
    let pods: Vec<ServicePod> =
        list(cluster).await?.into_iter().filter(|pod| pod.app == service && pod.ready).collect();
    anyhow::ensure!(!pods.is_empty(), "{service} has no ready pod");
    Ok(pods)
}

/// How many requests the proxies of a service refused, all its pods together.
pub async fn fetch_denied(cluster: &Cluster, service: &str) -> Result<u64> {
    let mut denied = 0;
    for pod in list_ready(cluster, service).await? {
        let proxy = PodRef::new(places::ECOTRACK, &pod.name).container(PROXY);
        let executed = exec(cluster, &proxy, &ProxyStats::QUESTION, None).await?;
        let stats: ProxyStats = serde_json::from_str(&executed.stdout).with_context(|| {
            format!("the proxy of pod {} shows no counters: {}", pod.name, executed.stderr)
        })?;
        denied += stats
            .denied()
            .with_context(|| format!("the proxy of pod {} does not count refusals", pod.name))?;
    }
    Ok(denied)
}

/// What one pod said for itself, or why it said nothing.
#[derive(Debug, Clone)]
pub struct PodAnswer {
    /// The pod's name.
    pub pod: String,
    /// Its answer.
    pub answer: Result<Answer, String>,
}

/// Asks every pod of a service, ready or not: one that is not ready is a finding, not one to be passed over.
pub async fn ask_all(suite: &Suite, service: &str, path: &str) -> Result<Vec<PodAnswer>> {
    let pods = list(suite.cluster()).await?.into_iter().filter(|pod| pod.app == service);
    let asked = pods.map(|pod| async move {
        let answer = ask(suite, &pod.name, path).await.map_err(|error| format!("{error:#}"));
        PodAnswer { pod: pod.name, answer }
    });
    Ok(join_all(asked).await)
}

/// Asks a pod's application itself, past its proxy, as the kubelet does.
async fn ask(suite: &Suite, pod: &str, path: &str) -> Result<Answer> {
    let forward =
        PortForward::open(suite.cluster(), Target::pod(places::ECOTRACK, pod, APPLICATION_PORT))
            .await?;
    let http = reqwest::Client::builder().timeout(suite.timeouts().request).no_proxy().build()?;
    let response = http.get(format!("{}{path}", forward.url("http"))).send().await;
    Ok(Answer::read(response.with_context(|| format!("pod {pod} did not answer {path}"))?).await?)
}

fn service_pod(pod: Pod) -> ServicePod {
    let (spec, status) = (pod.spec.unwrap_or_default(), pod.status.unwrap_or_default());
    let label = |name: &str| {
        pod.metadata
            .labels
            .as_ref()
            .and_then(|labels| labels.get(name))
            .cloned()
            .unwrap_or_default()
    };
    let ready = status
        .conditions
        .unwrap_or_default()
        .iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let beside = spec
        .init_containers
        .unwrap_or_default()
        .into_iter()
        .filter(|container| container.restart_policy.is_some());
    ServicePod {
        app: label("app"),
        name: pod.metadata.name.unwrap_or_default(),
        service_account: spec.service_account_name.unwrap_or_default(),
        ip: status.pod_ip.unwrap_or_default(),
        containers: spec
            .containers
            .into_iter()
            .chain(beside)
            .map(|container| container.name)
            .collect(),
        ready,
    }
}
