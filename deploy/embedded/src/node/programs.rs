//! The node's programs with their arguments.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::config::{containerd_socket, kubelet_root};
use super::process::Program;
use super::settings::{
    API_PORT, CLUSTER_CIDR, ETCD_CLIENT_PORT, ETCD_PEER_PORT, NODE_ADDRESS, NODE_NAME, SERVICE_CIDR,
};
use crate::component::{self, Component};
use crate::layout::Layout;

/// The folders of the programs a node consists of.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// Holds the Kubernetes programs and `kubectl`.
    pub kubernetes: PathBuf,
    /// Holds `containerd`, its shim and `ctr`.
    pub containerd: PathBuf,
    /// Holds etcd, which its module calls `server`.
    pub etcd: PathBuf,
}

impl Binaries {
    /// The folders of the components' finished programs.
    ///
    /// # Errors
    /// When a component a node needs has no recipe.
    pub fn of(layout: &Layout, components: &[Component]) -> Result<Self> {
        let of = |name: &str| {
            let found = components.iter().find(|component| component.name == name);
            found
                .map(|component| component::folder(layout, component))
                .with_context(|| format!("no recipe for {name}"))
        };
        Ok(Self { kubernetes: of("kubernetes")?, containerd: of("containerd")?, etcd: of("etcd")? })
    }

    /// The folders.
    #[must_use]
    pub fn folders(&self) -> [&Path; 3] {
        [&self.kubernetes, &self.containerd, &self.etcd]
    }

    /// The Kubernetes command line.
    #[must_use]
    pub fn kubectl(&self) -> PathBuf {
        self.kubernetes.join("kubectl")
    }

    /// The containerd command line.
    #[must_use]
    pub fn ctr(&self) -> PathBuf {
        self.containerd.join("ctr")
    }
}

/// All programs of the node.
#[must_use]
pub fn all(layout: &Layout, binaries: &Binaries) -> Vec<Program> {
    let each = [etcd, containerd, apiserver, controller_manager, scheduler, proxy, kubelet];
    each.iter().map(|program| program(layout, binaries)).collect()
}

fn program(name: &'static str, binary: PathBuf, args: &[String]) -> Program {
    Program { name, binary, args: args.to_vec(), env: Vec::new() }
}

fn etcd_url(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

/// etcd, on 127.0.0.1 and only for holders of a certificate of ours.
#[must_use]
pub fn etcd(layout: &Layout, binaries: &Binaries) -> Program {
    let pki = layout.pki();
    let (client, peer) = (etcd_url(ETCD_CLIENT_PORT), etcd_url(ETCD_PEER_PORT));
    let file = |name: &str| pki.join(name).display().to_string();
    let args = [
        format!("--data-dir={}", layout.state().join("etcd").display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        format!("--cert-file={}", file("etcd.crt")),
        format!("--key-file={}", file("etcd.key")),
        format!("--trusted-ca-file={}", file("ca.crt")),
        format!("--peer-cert-file={}", file("etcd.crt")),
        format!("--peer-key-file={}", file("etcd.key")),
        format!("--peer-trusted-ca-file={}", file("ca.crt")),
        "--client-cert-auth".to_owned(),
        "--peer-client-cert-auth".to_owned(),
        // Survives a killed process; a power cut may cost the cluster, which `down --purge` and `up` make anew.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ];
    program("etcd", binaries.etcd.join("server"), &args)
}

/// The API server, on the node's address only.
#[must_use]
pub fn apiserver(layout: &Layout, binaries: &Binaries) -> Program {
    let pki = layout.pki();
    let file = |name: &str| pki.join(name).display().to_string();
    let args = [
        format!("--etcd-servers={}", etcd_url(ETCD_CLIENT_PORT)),
        format!("--etcd-cafile={}", file("ca.crt")),
        format!("--etcd-certfile={}", file("etcd.crt")),
        format!("--etcd-keyfile={}", file("etcd.key")),
        format!("--bind-address={NODE_ADDRESS}"),
        format!("--advertise-address={NODE_ADDRESS}"),
        format!("--secure-port={API_PORT}"),
        format!("--tls-cert-file={}", file("apiserver.crt")),
        format!("--tls-private-key-file={}", file("apiserver.key")),
        format!("--client-ca-file={}", file("ca.crt")),
        format!("--service-account-key-file={}", file("service-account.pub")),
        format!("--service-account-signing-key-file={}", file("service-account.key")),
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
        format!("--service-cluster-ip-range={SERVICE_CIDR}"),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--enable-admission-plugins=NodeRestriction".to_owned(),
        "--allow-privileged=true".to_owned(),
        format!("--kubelet-client-certificate={}", file("admin.crt")),
        format!("--kubelet-client-key={}", file("admin.key")),
        format!("--kubelet-certificate-authority={}", file("ca.crt")),
        "--kubelet-preferred-address-types=InternalIP".to_owned(),
        format!("--requestheader-client-ca-file={}", file("ca.crt")),
        "--requestheader-allowed-names=front-proxy-client".to_owned(),
        "--requestheader-username-headers=X-Remote-User".to_owned(),
        "--requestheader-group-headers=X-Remote-Group".to_owned(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        format!("--proxy-client-cert-file={}", file("front-proxy.crt")),
        format!("--proxy-client-key-file={}", file("front-proxy.key")),
        "--enable-aggregator-routing=true".to_owned(),
        "--profiling=false".to_owned(),
    ];
    program("kube-apiserver", binaries.kubernetes.join("kube-apiserver"), &args)
}

fn kubeconfigs(layout: &Layout, file: &str) -> [String; 3] {
    let path = layout.state().join(file).display().to_string();
    [
        format!("--kubeconfig={path}"),
        format!("--authentication-kubeconfig={path}"),
        format!("--authorization-kubeconfig={path}"),
    ]
}

/// The controller manager.
#[must_use]
pub fn controller_manager(layout: &Layout, binaries: &Binaries) -> Program {
    let pki = layout.pki();
    let file = |name: &str| pki.join(name).display().to_string();
    let mut args = kubeconfigs(layout, "controller-manager.kubeconfig").to_vec();
    args.extend([
        format!("--bind-address={NODE_ADDRESS}"),
        format!("--service-account-private-key-file={}", file("service-account.key")),
        format!("--root-ca-file={}", file("ca.crt")),
        format!("--cluster-signing-cert-file={}", file("ca.crt")),
        format!("--cluster-signing-key-file={}", file("ca.key")),
        "--use-service-account-credentials=true".to_owned(),
        "--allocate-node-cidrs=true".to_owned(),
        format!("--cluster-cidr={CLUSTER_CIDR}"),
        format!("--service-cluster-ip-range={SERVICE_CIDR}"),
        "--leader-elect=false".to_owned(),
        "--profiling=false".to_owned(),
    ]);
    program("kube-controller-manager", binaries.kubernetes.join("kube-controller-manager"), &args)
}

/// The scheduler.
#[must_use]
pub fn scheduler(layout: &Layout, binaries: &Binaries) -> Program {
    let mut args = kubeconfigs(layout, "scheduler.kubeconfig").to_vec();
    args.extend([
        format!("--bind-address={NODE_ADDRESS}"),
        "--leader-elect=false".to_owned(),
        "--profiling=false".to_owned(),
    ]);
    program("kube-scheduler", binaries.kubernetes.join("kube-scheduler"), &args)
}

/// containerd, which finds its shim beside itself.
#[must_use]
pub fn containerd(layout: &Layout, binaries: &Binaries) -> Program {
    let args = [
        format!("--config={}", layout.state().join("containerd.toml").display()),
        format!("--address={}", containerd_socket(layout).display()),
        "--log-level=warn".to_owned(),
    ];
    let path = env::var("PATH").unwrap_or_default();
    let mut program = program("containerd", binaries.containerd.join("containerd"), &args);
    program.env.push((
        "PATH".to_owned(),
        format!("{}:{path}:/usr/sbin:/sbin", binaries.containerd.display()),
    ));
    program
}

/// The kubelet.
#[must_use]
pub fn kubelet(layout: &Layout, binaries: &Binaries) -> Program {
    let args = [
        format!("--config={}", layout.state().join("kubelet.yaml").display()),
        format!("--kubeconfig={}", layout.state().join("kubelet.kubeconfig").display()),
        format!("--root-dir={}", kubelet_root(layout).display()),
        format!("--cert-dir={}", layout.pki().display()),
        format!("--hostname-override={NODE_NAME}"),
        format!("--node-ip={NODE_ADDRESS}"),
    ];
    program("kubelet", binaries.kubernetes.join("kubelet"), &args)
}

/// kube-proxy in nftables mode; it changes no connection-tracking setting of the machine.
#[must_use]
pub fn proxy(layout: &Layout, binaries: &Binaries) -> Program {
    let args = [
        format!("--kubeconfig={}", layout.state().join("proxy.kubeconfig").display()),
        "--proxy-mode=nftables".to_owned(),
        format!("--cluster-cidr={CLUSTER_CIDR}"),
        format!("--hostname-override={NODE_NAME}"),
        "--conntrack-max-per-core=0".to_owned(),
        "--conntrack-tcp-timeout-established=0".to_owned(),
        "--conntrack-tcp-timeout-close-wait=0".to_owned(),
        format!("--healthz-bind-address={NODE_ADDRESS}:10256"),
        format!("--metrics-bind-address={NODE_ADDRESS}:10249"),
    ];
    program("kube-proxy", binaries.kubernetes.join("kube-proxy"), &args)
}
