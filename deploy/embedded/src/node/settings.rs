//! Names and addresses of the node. Whatever it makes on the machine is recognised by them.

/// The node's name in Kubernetes, and the name of the cgroup everything of ours runs in.
pub const NODE_NAME: &str = "ecotrack";
/// The kubeconfig context.
pub const CONTEXT: &str = "ecotrack-embedded";
/// The address of the node; API server and kubelet listen on nothing else.
pub const NODE_ADDRESS: &str = "10.200.0.1";
/// The bridge that carries the node's address.
pub const NODE_BRIDGE: &str = "ecotrack0";
/// The bridge that joins the pods.
pub const POD_BRIDGE: &str = "ecotrack-cni0";
/// Addresses of pods in the whole cluster.
pub const CLUSTER_CIDR: &str = "10.244.0.0/16";
/// Addresses of pods on the only node.
pub const POD_CIDR: &str = "10.244.0.0/24";
/// Addresses of Services.
pub const SERVICE_CIDR: &str = "10.96.0.0/16";
/// The first Service address: the API server's.
pub const API_SERVICE_ADDRESS: &str = "10.96.0.1";
/// The address of the cluster's DNS.
pub const DNS_ADDRESS: &str = "10.96.0.10";
/// The API server's port on the node address.
pub const API_PORT: u16 = 6443;
/// The kubelet's port on the node address; monitoring expects the usual one.
pub const KUBELET_PORT: u16 = 10250;
/// etcd's client port on 127.0.0.1, away from etcd's own default.
pub const ETCD_CLIENT_PORT: u16 = 22379;
/// etcd's peer port on 127.0.0.1.
pub const ETCD_PEER_PORT: u16 = 22380;
/// The nftables table with our address translation.
pub const NFT_TABLE: &str = "ecotrack";
/// The sandbox image, as the kubelet of this version names it.
pub const PAUSE_IMAGE: &str = "registry.k8s.io/pause:3.10.1";

/// The URL of the API server.
#[must_use]
pub fn api_url() -> String {
    format!("https://{NODE_ADDRESS}:{API_PORT}")
}
