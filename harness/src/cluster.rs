//! Kubernetes and nothing else: a context, ways into pods, rollouts, manifests.

pub mod context;
mod error;
mod exec;
mod forward;
mod interfaces;
pub mod manifests;
pub mod probe_pod;
pub mod rollout;

use kube::Client;

pub use context::ContextChoice;
pub use error::ClusterError;
pub use exec::{Executed, PodRef, exec};
pub(crate) use forward::is_ready;
pub use forward::{PortForward, Target};
pub use interfaces::{Interface, Interfaces};

use crate::eventually::within;
use crate::timeouts::Timeouts;

/// A cluster that answered: a client of its API and what it said of itself.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    context: String,
    version: String,
    probe_image: String,
    interfaces: Interfaces,
    timeouts: Timeouts,
}

impl Cluster {
    /// Connects to the chosen context and reads the version, inside [`Timeouts::cluster_answer`].
    pub async fn connect(
        choice: &ContextChoice,
        timeouts: &Timeouts,
    ) -> Result<Self, ClusterError> {
        let (context, config) = choice.resolve().await?;
        let server = config.cluster_url.to_string();
        let refused = |cause: String| ClusterError::NoAnswer {
            context: context.clone(),
            server: server.clone(),
            cause,
        };
        let client = Client::try_from(config).map_err(|error| refused(error.to_string()))?;
        let version = within(timeouts.cluster_answer, client.apiserver_version())
            .await
            .ok_or_else(|| refused(format!("nothing within {:?}", timeouts.cluster_answer)))?
            .map_err(|error| refused(format!("{:#}", anyhow::Error::new(error))))?;
        Ok(Self {
            client,
            context,
            version: version.git_version,
            probe_image: choice.probe_image().to_owned(),
            interfaces: Interfaces::default(),
            timeouts: timeouts.clone(),
        })
    }

    /// The same cluster, with its platform's interfaces where a profile says they are.
    #[must_use]
    pub fn with_interfaces(self, interfaces: Interfaces) -> Self {
        Self { interfaces, ..self }
    }

    /// Where its platform's interfaces are.
    #[must_use]
    pub fn interfaces(&self) -> &Interfaces {
        &self.interfaces
    }

    /// The client of its API.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The kubeconfig context it was reached by.
    #[must_use]
    pub fn context(&self) -> &str {
        &self.context
    }

    /// The version of its API server, such as `v1.36.3`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The image of the pods that ask from inside it.
    #[must_use]
    pub fn probe_image(&self) -> &str {
        &self.probe_image
    }

    /// How long things may take on it.
    #[must_use]
    pub fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Cluster")
            .field("context", &self.context)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
