//! TLS below HTTP: what a pod of the mesh says to whom it does not know.

use anyhow::{Context, Result};
use conformance_probe::ConnectAnswer;

use super::places;
use super::pods::ServicePod;
use crate::cluster::probe_pod::ProbePod;

/// Where every pod of the services listens, its proxy before it.
const PORT: u16 = 8080;

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
