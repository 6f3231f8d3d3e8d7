//! Configuration files of the node's programs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::network;
use super::settings::{
    CONTEXT, DNS_ADDRESS, KUBELET_PORT, NODE_ADDRESS, NODE_NAME, PAUSE_IMAGE, api_url,
};
use crate::layout::Layout;

/// Who holds a kubeconfig of the node: the certificate's file name and where the kubeconfig goes.
const HOLDERS: [(&str, &str); 5] = [
    ("admin", "kubeconfig"),
    ("controller-manager", "controller-manager.kubeconfig"),
    ("scheduler", "scheduler.kubeconfig"),
    ("kubelet", "kubelet.kubeconfig"),
    ("proxy", "proxy.kubeconfig"),
];

/// The socket containerd serves on.
#[must_use]
pub fn containerd_socket(layout: &Layout) -> PathBuf {
    layout.state().join("containerd/containerd.sock")
}

/// The folder of containerd's running containers; nothing in it survives a restart of the machine.
#[must_use]
pub fn containerd_state(layout: &Layout) -> PathBuf {
    layout.state().join("containerd/state")
}

/// The folder where runc keeps what it knows of running containers.
#[must_use]
pub fn runc_state(layout: &Layout) -> PathBuf {
    layout.state().join("containerd/runc")
}

/// The folder of the kubelet, with the volumes of pods.
#[must_use]
pub fn kubelet_root(layout: &Layout) -> PathBuf {
    layout.state().join("kubelet")
}

/// Writes all configuration files anew; they follow from the program and the layout alone.
///
/// # Errors
/// When a certificate is missing or a file cannot be written.
pub fn write_all(layout: &Layout) -> Result<()> {
    for (certificate, file) in HOLDERS {
        write_private(&layout.state().join(file), &kubeconfig(&layout.pki(), certificate)?)?;
    }
    write_private(&layout.state().join("containerd.toml"), &containerd(layout))?;
    write_private(
        &layout.state().join("kubelet.yaml"),
        &serde_yaml_ng::to_string(&kubelet(layout))?,
    )?;
    // No name server: nothing outside is looked up, and the machine's own may not be reachable from a pod.
    write_private(&layout.state().join("resolv.conf"), "")?;
    network::write_pod_network(layout)
}

/// The settings that follow from this program alone, without keys.
///
/// # Errors
/// When one cannot be written down.
pub fn settings(layout: &Layout) -> Result<Vec<String>> {
    Ok(vec![containerd(layout), serde_yaml_ng::to_string(&kubelet(layout))?])
}

fn kubeconfig(pki: &Path, certificate: &str) -> Result<String> {
    let value = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": CONTEXT, "cluster": {
            "server": api_url(),
            "certificate-authority-data": encoded(&pki.join("ca.crt"))?,
        }}],
        "users": [{"name": certificate, "user": {
            "client-certificate-data": encoded(&pki.join(format!("{certificate}.crt")))?,
            "client-key-data": encoded(&pki.join(format!("{certificate}.key")))?,
        }}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": certificate}}],
    });
    Ok(serde_yaml_ng::to_string(&value)?)
}

fn encoded(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(STANDARD.encode(bytes))
}

fn containerd(layout: &Layout) -> String {
    let state = layout.state();
    format!(
        r#"version = 3
root = "{root}"
state = "{running}"
disabled_plugins = ["io.containerd.nri.v1.nri"]

[grpc]
address = "{socket}"

[plugins."io.containerd.internal.v1.opt"]
path = "{opt}"

# Nobody looks at what these collect; each second, of every container, it would be a tenth of a core.
[plugins."io.containerd.cri.v1.images"]
stats_collect_period = 60

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{PAUSE_IMAGE}"

[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
stats_collect_period = "60s"

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["{plugins}"]
conf_dir = "{network}"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
SystemdCgroup = false
Root = "{runc}"
"#,
        root = state.join("containerd/root").display(),
        running = containerd_state(layout).display(),
        runc = runc_state(layout).display(),
        socket = containerd_socket(layout).display(),
        opt = state.join("containerd/opt").display(),
        plugins = network::PLUGIN_FOLDER,
        network = network::config_folder(layout).display(),
    )
}

fn kubelet(layout: &Layout) -> Value {
    let pki = layout.pki();
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "port": KUBELET_PORT,
        "authentication": {
            "anonymous": {"enabled": false},
            "webhook": {"enabled": true},
            "x509": {"clientCAFile": pki.join("ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": pki.join("kubelet.crt"),
        "tlsPrivateKeyFile": pki.join("kubelet.key"),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": format!("/{NODE_NAME}"),
        "failCgroupV1": false,
        "failSwapOn": false,
        "localStorageCapacityIsolation": false,
        "containerRuntimeEndpoint": format!("unix://{}", containerd_socket(layout).display()),
        "clusterDNS": [DNS_ADDRESS],
        "clusterDomain": "cluster.local",
        "resolvConf": layout.state().join("resolv.conf"),
        "volumePluginDir": layout.state().join("volume-plugins"),
        // A rotated secret must reach its pod within seconds, not at the usual minute.
        "syncFrequency": "5s",
        "evictionHard": {"memory.available": "200Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        // An image that was garbage-collected could never be pulled again: there is no registry.
        "imageGCHighThresholdPercent": 100,
        "maxPods": 200,
        // The machine's firewall belongs to its owner.
        "makeIPTablesUtilChains": false,
    })
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        .with_context(|| format!("cannot protect {}", path.display()))
}
