//! The cluster's DNS.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::programs::Binaries;
use crate::command;
use crate::layout::Layout;

const MANIFEST: &str = include_str!("../../manifests/coredns.yaml");
const READY: Duration = Duration::from_mins(1);

/// Installs `CoreDNS`; the same call again changes nothing.
///
/// # Errors
/// When the API server refuses it.
pub fn install(layout: &Layout, binaries: &Binaries) -> Result<()> {
    let mut apply = kubectl(layout, binaries);
    apply.args([
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager=ecotrack-embedded",
        "-f",
        "-",
    ]);
    command::with_input(&mut apply, MANIFEST.as_bytes())?;
    Ok(())
}

/// Waits until `CoreDNS` answers.
///
/// # Errors
/// When it does not within a minute.
pub fn wait(layout: &Layout, binaries: &Binaries) -> Result<()> {
    let limit = format!("--timeout={}s", READY.as_secs());
    command::output(kubectl(layout, binaries).args([
        "-n",
        "kube-system",
        "rollout",
        "status",
        "deployment/coredns",
        &limit,
    ]))?;
    Ok(())
}

/// `kubectl` bound to this cluster.
#[must_use]
pub fn kubectl(layout: &Layout, binaries: &Binaries) -> Command {
    let mut command = Command::new(binaries.kubectl());
    command.arg("--kubeconfig").arg(layout.kubeconfig());
    command
}
