//! Which cluster: the named context's, or the embedded one. Never the current context of the user's own kubeconfig.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// Connects to the named context, or to the embedded cluster.
pub(crate) async fn connect(context: Option<&str>) -> Result<Client> {
    let config = match context {
        Some(name) => named(name).await?,
        None => embedded().await?,
    };
    Client::try_from(config).context("no client for the cluster")
}

async fn named(name: &str) -> Result<Config> {
    let options =
        KubeConfigOptions { context: Some(name.to_owned()), ..KubeConfigOptions::default() };
    Config::from_kubeconfig(&options).await.with_context(|| format!("context {name} is not in the kubeconfig; `kubectl config get-contexts` lists those that are"))
}

async fn embedded() -> Result<Config> {
    let file = embedded_kubeconfig().context("neither ECOTRACK_CACHE nor HOME is set")?;
    let kubeconfig = Kubeconfig::read_from(&file).context(
        "no embedded cluster; bring it up with `make cluster-up`, or name a context with CONTEXT=",
    )?;
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .with_context(|| format!("{} names no cluster", file.display()))
}

fn embedded_kubeconfig() -> Option<PathBuf> {
    let below = |variable: &str, folder: &str| {
        std::env::var_os(variable).map(|base| Path::new(&base).join(folder))
    };
    let cache = below("ECOTRACK_CACHE", "")
        .or_else(|| below("XDG_CACHE_HOME", "ecotrack"))
        .or_else(|| below("HOME", ".cache/ecotrack"))?;
    Some(cache.join("embedded/kubeconfig"))
}
