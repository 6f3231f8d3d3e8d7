//! The platform the services run on, installed into any Kubernetes: data stores, secret store, mesh and observability.
//!
//! Every part is plain manifests of this folder or a chart from a pinned Go module, applied server-side and waited for. What was applied is
//! recorded on the cluster, so that a second run only looks whether all is still there and ready.

mod adjust;
mod catalogue;
mod cluster;
mod command;
mod error;
mod fingerprint;
mod foundation;
mod image_records;
mod install;
mod leases;
mod manifest;
mod part;
mod pki;
mod progress;
mod readiness;
mod record;
mod services;
mod source;
mod tools;

pub use cluster::Cluster;
pub use command::CommandError;
pub use error::{InstallError, NotReady};
pub use install::{ENVIRONMENTS, Options, install};
pub use part::PartName;
pub use progress::{Event, Reporter, plain_lines, silent};
pub use services::{SERVICES, ServicesOptions, deploy_services};
pub use tools::{cache, embedded_kubeconfig, find_tool, repository};
