//! The command line.

use clap::{Parser, Subcommand};

/// A real one-node Kubernetes on this machine, without a Docker engine and without an image registry.
#[derive(Debug, Parser)]
#[command(name = "embedded", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Build what is missing, start the node, install the platform. Run it again at any time, after anything.
    Up {
        /// Stop when node and DNS are ready: no platform.
        #[arg(long)]
        node_only: bool,
        /// Which values the platform gets: dev, staging or prod.
        #[arg(long, default_value = "dev", value_parser = ecotrack_platform::ENVIRONMENTS)]
        values: String,
    },
    /// Build components only, without a cluster: all, or those named.
    Build {
        /// Names of components, for example helm.
        names: Vec<String>,
    },
    /// Stop everything and leave nothing on the machine; what is stored stays for the next start.
    Down {
        /// Forget the cluster's data and images too.
        #[arg(long)]
        purge: bool,
    },
    /// Show what runs.
    Status,
    /// Show the end of the logs of the node's own programs.
    Logs {
        /// One program only, for example kubelet.
        program: Option<String>,
        /// How many lines of each.
        #[arg(long, default_value_t = 40)]
        lines: usize,
    },
    /// Check whether this machine can carry the cluster.
    Doctor,
    /// Import images whose parts changed; print each with its digest.
    Images {
        /// The project's own programs only.
        #[arg(long)]
        services_only: bool,
        /// Only images whose name contains one of these words.
        names: Vec<String>,
    },
    /// Print the path of the kubeconfig.
    Kubeconfig,
    /// List what the node has left on this machine; fails when there is anything.
    Leftovers,
}
