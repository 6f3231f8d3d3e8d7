//! `platform`: installs the platform into a named cluster, and deploys the services onto it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use ecotrack_platform::{
    Cluster, ENVIRONMENTS, Options, PartName, ServicesOptions, deploy_services,
    embedded_kubeconfig, find_tool, install, plain_lines, repository,
};

const EMBEDDED_CONTEXT: &str = "ecotrack-embedded";

/// The platform the services run on, for any Kubernetes.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing and wait until all is ready.
    Install {
        #[command(flatten)]
        target: Target,
        /// Only these parts.
        #[arg(long, value_delimiter = ',')]
        only: Vec<PartName>,
        /// Which values: dev, staging or prod.
        #[arg(long, default_value = "dev", value_parser = ENVIRONMENTS)]
        values: String,
        /// A folder for volumes on the one node, which is this machine; without it the default storage class is used.
        #[arg(long, value_name = "FOLDER")]
        local_storage: Option<PathBuf>,
    },
    /// The five services and the outside world they call.
    #[command(subcommand)]
    Services(Services),
}

#[derive(Subcommand)]
enum Services {
    /// Deploy what changed and wait until all are rolled out.
    Deploy {
        #[command(flatten)]
        target: Target,
        /// Which values: dev, staging or prod.
        #[arg(long, default_value = "dev", value_parser = ENVIRONMENTS)]
        values: String,
        /// Folder with one record per imported image, so that a rebuilt image rolls out.
        #[arg(long, value_name = "FOLDER")]
        image_records: Option<PathBuf>,
        /// Where the runbooks are published, for the links in alerts; without it this project's own pages.
        #[arg(long, value_name = "ADDRESS")]
        runbooks: Option<String>,
        /// Deploy what did not change here too: that puts back what was changed or deleted by hand.
        #[arg(long)]
        anew: bool,
    },
}

#[derive(Args)]
struct Target {
    /// Context of the cluster; without it the embedded cluster. The current context is never used.
    #[arg(long)]
    context: Option<String>,
    /// Kubeconfig with that context; without it kubectl's own, or the embedded cluster's.
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
    /// Path of kubectl; without it the one on PATH.
    #[arg(long)]
    kubectl: Option<PathBuf>,
    /// Path of helm; without it the one on PATH.
    #[arg(long)]
    helm: Option<PathBuf>,
}

impl Target {
    /// Whether the embedded cluster is meant.
    fn is_embedded(&self) -> bool {
        self.context.as_deref().is_none_or(|context| context == EMBEDDED_CONTEXT)
    }

    fn cluster(self) -> Result<Cluster> {
        let is_embedded = self.is_embedded();
        let kubeconfig = match self.kubeconfig {
            None if is_embedded => Some(embedded_kubeconfig().context("no cluster is named and there is no embedded one; run `make cluster-up`, or name a context with --context")?),
            given => given,
        };
        let context = self.context.unwrap_or_else(|| EMBEDDED_CONTEXT.to_owned());
        let [kubectl, helm] = [(self.kubectl, "kubectl"), (self.helm, "helm")]
            .map(|(given, name)| given.unwrap_or_else(|| find_tool(name)));
        Ok(Cluster::new(context, kubeconfig, kubectl, helm))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            drop(writeln!(std::io::stderr(), "error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    match Cli::parse().command {
        Command::Install { target, only, values, local_storage } => {
            let local_storage =
                local_storage.or_else(|| target.is_embedded().then(embedded_volumes).flatten());
            let image_records = target.is_embedded().then(embedded_images).flatten();
            let options = Options {
                cluster: target.cluster()?,
                repository: repository(),
                local_storage,
                image_records,
                environment: values,
                only,
                reporter: plain_lines(),
            };
            install(&options).await.context("the platform is not installed")
        }
        Command::Services(Services::Deploy { target, values, image_records, runbooks, anew }) => {
            let image_records =
                image_records.or_else(|| target.is_embedded().then(embedded_images).flatten());
            let options = ServicesOptions {
                cluster: target.cluster()?,
                repository: repository(),
                environment: values,
                image_records,
                runbooks,
                anew,
                reporter: plain_lines(),
            };
            deploy_services(&options).await.context("the services are not deployed")
        }
    }
}

/// Where the embedded cluster keeps its volumes.
fn embedded_volumes() -> Option<PathBuf> {
    Some(embedded_kubeconfig()?.parent()?.join("volumes"))
}

/// Where the embedded cluster records its images.
fn embedded_images() -> Option<PathBuf> {
    Some(embedded_kubeconfig()?.ancestors().nth(2)?.join("images"))
}
