//! What can go wrong between the harness and the cluster; none of it is the platform's verdict.

use std::path::PathBuf;

/// A failure to reach or use the cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Nothing was chosen, and the embedded cluster does not run.
    #[error("no cluster: none was named with --context, and there is no embedded cluster at {}: run `make cluster-up`, or name a context with CONTEXT=", .0.display())]
    NoCluster(PathBuf),
    /// A kubeconfig that cannot be read.
    #[error("reading the kubeconfig {}: {cause}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// A context name that the kubeconfig does not have.
    #[error("the kubeconfig {} has no context `{context}`: it has {}", path.display(), known.join(", "))]
    UnknownContext {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        context: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The API server did not answer.
    #[error(
        "the cluster of context `{context}` at {server} does not answer: {cause}: {}",
        remedy(context)
    )]
    NoAnswer {
        /// The context.
        context: String,
        /// The address of its API server.
        server: String,
        /// Why.
        cause: String,
    },
    /// Nothing ready stands behind a Service.
    #[error("no ready pod behind service {namespace}/{service} for port {port}")]
    NoEndpoint {
        /// Its namespace.
        namespace: String,
        /// Its name.
        service: String,
        /// The port asked for.
        port: u16,
    },
    /// A program in a pod could not be run to its end.
    #[error("running `{command}` in pod {pod}: {cause}")]
    Exec {
        /// The command line.
        command: String,
        /// Namespace and name of the pod.
        pod: String,
        /// Why.
        cause: String,
    },
    /// A manifest that is not a Kubernetes object.
    #[error("reading a manifest: {0}")]
    Manifest(String),
    /// The local side of a port-forward.
    #[error("listening on 127.0.0.1 for a port-forward: {0}")]
    Listen(#[source] std::io::Error),
    /// The API refused or failed.
    #[error("{doing}: {source}")]
    Api {
        /// What was being done.
        doing: String,
        /// The answer.
        source: kube::Error,
    },
}

impl ClusterError {
    /// Wraps an API error with what was being done.
    pub fn api(doing: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Api { doing, source }
    }
}

fn remedy(context: &str) -> &'static str {
    if context == super::context::EMBEDDED_CONTEXT {
        "run `make cluster-up`"
    } else {
        "is it running, and does `kubectl --context` reach it?"
    }
}
