//! TLS below HTTP: what a pod of the mesh says to whom it does not know.

use anyhow::{Context, Result};
use conformance_probe::ConnectAnswer;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;

use super::places;
use super::pods::ServicePod;
use crate::cluster::Cluster;
use crate::cluster::probe_pod::ProbePod;

/// Where every pod of the services listens, its proxy before it.
const PORT: u16 = 8080;
/// Where the mesh publishes its authority in every namespace.
const AUTHORITY: &str = "istio-ca-root-cert";

/// What the caller shows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// No certificate.
    Nothing,
    /// A certificate that names the identity of `order-service` and was signed by nobody in the mesh.
    Forged,
}

/// The identity of an account of the services' namespace.
#[must_use]
pub fn identity(account: &str) -> String {
    format!("spiffe://cluster.local/ns/{}/sa/{account}", places::ECOTRACK)
}

/// The authority that signs the identities of the mesh, in PEM.
pub async fn mesh_authority(cluster: &Cluster) -> Result<String> {
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client(), places::ECOTRACK);
    let map = maps.get(AUTHORITY).await.with_context(|| {
        format!("the mesh's authority cannot be read from configmap ecotrack/{AUTHORITY}")
    })?;
    map.data
        .and_then(|mut data| data.remove("root-cert.pem"))
        .with_context(|| format!("configmap ecotrack/{AUTHORITY} has no key root-cert.pem"))
}

/// Opens TLS to a pod, which has to prove its identity, and waits for what it says to the caller's.
pub async fn shake_hands(
    probe: &ProbePod,
    authority: &str,
    pod: &ServicePod,
    shown: Shown,
) -> Result<ConnectAnswer> {
    let (address, peer) = (format!("{}:{PORT}", pod.ip), identity(&format!("{}-sa", pod.app)));
    let forged = identity("order-service-sa");
    let mut arguments =
        vec!["connect", "--address", &address, "--ca-pem", authority, "--peer", &peer];
    if shown == Shown::Forged {
        arguments.extend(["--forge", &forged]);
    }
    // Nothing is sent: a server that closes before it has read all resets the connection, and its alert is lost.
    probe.ask_with_input(&arguments, b"").await.context("the probe could not open TLS")
}
