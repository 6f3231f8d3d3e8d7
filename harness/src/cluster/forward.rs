//! A local port that leads to a ready pod, chosen anew for every connection.

use std::net::{Ipv4Addr, SocketAddr};

use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use kube::Api;
use kube::api::ListParams;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Cluster, ClusterError};
use crate::eventually::{Observed, Unmet, eventually};

/// Where a port-forward leads.
#[derive(Debug, Clone)]
pub enum Target {
    /// Any ready pod behind a Service's port.
    Service {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// The Service's own port number.
        port: u16,
    },
    /// One pod's port.
    Pod {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// The container's port number.
        port: u16,
    },
}

impl Target {
    /// A Service's port.
    pub fn service(namespace: impl Into<String>, name: impl Into<String>, port: u16) -> Self {
        Self::Service { namespace: namespace.into(), name: name.into(), port }
    }

    /// A pod's port.
    pub fn pod(namespace: impl Into<String>, name: impl Into<String>, port: u16) -> Self {
        Self::Pod { namespace: namespace.into(), name: name.into(), port }
    }
}

/// A listener on 127.0.0.1 whose every connection goes to a pod that is ready at that moment: a restarted pod
/// costs the connections it had, not the forward. Closed when dropped.
#[derive(Debug)]
pub struct PortForward {
    address: SocketAddr,
    _stop: DropGuard,
}

impl PortForward {
    /// Opens the listener. Whether anything is ready behind it shows at the first connection.
    pub async fn open(cluster: &Cluster, target: Target) -> Result<Self, ClusterError> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(ClusterError::Listen)?;
        let address = listener.local_addr().map_err(ClusterError::Listen)?;
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(accept(
            listener,
            cluster.clone(),
            target,
            stop.clone(),
        )));
        Ok(Self { address, _stop: stop.drop_guard() })
    }

    /// The local address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The local address as a URL without a path.
    #[must_use]
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }
}

async fn accept(listener: TcpListener, cluster: Cluster, target: Target, stop: CancellationToken) {
    loop {
        match listener.accept().await {
            Ok((connection, _peer)) => {
                let serving = serve(connection, cluster.clone(), target.clone());
                tokio::spawn(stop.clone().run_until_cancelled_owned(serving));
            }
            Err(error) => {
                tracing::warn!(%error, ?target, "a port-forward could not accept a connection");
            }
        }
    }
}

/// A connection that cannot be served is closed: the client sees a reset and says so.
async fn serve(mut local: TcpStream, cluster: Cluster, target: Target) {
    let copied = async {
        // Before the first byte nothing is lost by trying again: a pod that is being replaced has a successor soon.
        let what = format!("a way to {target:?}");
        let mut remote =
            eventually(&what, cluster.timeouts().forward, || connect(&cluster, &target)).await?;
        tokio::io::copy_bidirectional(&mut local, &mut remote).await?;
        anyhow::Ok(())
    };
    if let Err(error) = copied.await {
        tracing::debug!(error = format!("{error:#}"), "a forwarded connection ended with an error");
    }
}

async fn connect(
    cluster: &Cluster,
    target: &Target,
) -> Observed<impl AsyncRead + AsyncWrite + Unpin + use<>> {
    let (namespace, pod, port) = locate(cluster, target).await?;
    let pods: Api<Pod> = Api::namespaced(cluster.client(), &namespace);
    let mut forwarder = pods.portforward(&pod, &[port]).await?;
    let stream = forwarder.take_stream(port);
    stream.ok_or_else(|| {
        Unmet::not_yet(format!("pod {namespace}/{pod} gave no stream for port {port}"))
    })
}

/// Namespace, pod and container port to connect to now.
async fn locate(cluster: &Cluster, target: &Target) -> Result<(String, String, u16), ClusterError> {
    match target {
        Target::Pod { namespace, name, port } => Ok((namespace.clone(), name.clone(), *port)),
        Target::Service { namespace, name, port } => {
            let (pod, container_port) = ready_endpoint(cluster, namespace, name, *port).await?;
            Ok((namespace.clone(), pod, container_port))
        }
    }
}

async fn ready_endpoint(
    cluster: &Cluster,
    namespace: &str,
    service: &str,
    port: u16,
) -> Result<(String, u16), ClusterError> {
    let doing = || format!("looking behind service {namespace}/{service}");
    let services: Api<Service> = Api::namespaced(cluster.client(), namespace);
    let found = services.get(service).await.map_err(ClusterError::api(doing()))?;
    let slices: Api<EndpointSlice> = Api::namespaced(cluster.client(), namespace);
    let labelled = ListParams::default().labels(&format!("kubernetes.io/service-name={service}"));
    let slices = slices.list(&labelled).await.map_err(ClusterError::api(doing()))?;
    let port_name = port_name(&found, port);
    let endpoint =
        port_name.and_then(|name| slices.iter().find_map(|slice| ready_in(slice, &name)));
    endpoint.ok_or_else(|| ClusterError::NoEndpoint {
        namespace: namespace.to_owned(),
        service: service.to_owned(),
        port,
    })
}

/// The name of a Service's port; a single port may have none, which endpoint slices write as an empty text.
fn port_name(service: &Service, port: u16) -> Option<String> {
    let ports = service.spec.as_ref()?.ports.as_deref()?;
    let matching = ports.iter().find(|candidate| candidate.port == i32::from(port))?;
    Some(matching.name.clone().unwrap_or_default())
}

/// Whether a pod behind a Service takes connections; nothing said means that it does.
pub(crate) fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true)
}

fn ready_in(slice: &EndpointSlice, port_name: &str) -> Option<(String, u16)> {
    let ports = slice.ports.iter().flatten();
    let port = ports
        .filter(|port| port.name.as_deref().unwrap_or_default() == port_name)
        .find_map(|port| port.port)?;
    let pod = slice.endpoints.iter().flatten().find_map(|endpoint| {
        let target = endpoint
            .target_ref
            .as_ref()
            .filter(|reference| reference.kind.as_deref() == Some("Pod"))?;
        target.name.clone().filter(|_| is_ready(endpoint))
    })?;
    Some((pod, u16::try_from(port).ok()?))
}
