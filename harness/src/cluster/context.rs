//! Which cluster: one named explicitly, or the embedded one; never the ambient current context.

use std::path::{Path, PathBuf};

use clap::Args;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};

use super::ClusterError;
use super::probe_pod::IMAGE as PROBE_IMAGE;

/// The context in the embedded cluster's own kubeconfig.
pub const EMBEDDED_CONTEXT: &str = "ecotrack-embedded";

/// The choice of a cluster on the command line or in the environment.
#[derive(Debug, Clone, Default, Args)]
pub struct ContextChoice {
    /// A kubeconfig context; without it the embedded cluster is used, never the current context.
    #[arg(long, env = "CONTEXT", value_name = "NAME")]
    pub context: Option<String>,
    /// The kubeconfig that has the context [default: ~/.kube/config].
    #[arg(long, env = "KUBECONFIG", value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The image of the probe pods, for nodes that pull from a registry of their own [default: docker.io/ecotrack/conformance-probe of this version].
    #[arg(long, env = "ECOTRACK_PROBE_IMAGE", value_name = "IMAGE")]
    pub probe_image: Option<String>,
}

impl ContextChoice {
    /// Reads the kubeconfig and turns the chosen context into a client configuration.
    pub async fn resolve(&self) -> Result<(String, Config), ClusterError> {
        let (path, context) = self.locate()?;
        let kubeconfig = read(&path)?;
        let known: Vec<String> =
            kubeconfig.contexts.iter().map(|named| named.name.clone()).collect();
        if !known.contains(&context) {
            return Err(ClusterError::UnknownContext { path, context, known });
        }
        let options =
            KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .map_err(|error| ClusterError::Kubeconfig { path, cause: error.to_string() })?;
        Ok((context, config))
    }

    /// The image of the probe pods. `ECOTRACK_PROBE_IMAGE=` in the environment is no choice.
    #[must_use]
    pub fn probe_image(&self) -> &str {
        self.probe_image.as_deref().filter(|image| !image.is_empty()).unwrap_or(PROBE_IMAGE)
    }

    /// The file and the context in it. `CONTEXT=` in the environment is no choice.
    fn locate(&self) -> Result<(PathBuf, String), ClusterError> {
        if let Some(context) = self.context.as_ref().filter(|name| !name.is_empty()) {
            let path = self
                .kubeconfig
                .clone()
                .filter(|path| !path.as_os_str().is_empty())
                .unwrap_or_else(default_kubeconfig);
            return Ok((path, context.clone()));
        }
        let path = embedded_kubeconfig();
        if path.is_file() {
            Ok((path, EMBEDDED_CONTEXT.to_owned()))
        } else {
            Err(ClusterError::NoCluster(path))
        }
    }
}

/// Reads the first existing file of a `KUBECONFIG` list, or the one file it names.
fn read(path: &Path) -> Result<Kubeconfig, ClusterError> {
    let broken =
        |path: &Path, cause: String| ClusterError::Kubeconfig { path: path.to_owned(), cause };
    let mut merged: Option<Kubeconfig> = None;
    for file in std::env::split_paths(path) {
        let next =
            Kubeconfig::read_from(&file).map_err(|error| broken(&file, error.to_string()))?;
        merged = Some(match merged {
            None => next,
            Some(before) => before.merge(next).map_err(|error| broken(&file, error.to_string()))?,
        });
    }
    merged.ok_or_else(|| broken(path, "the path is empty".to_owned()))
}

/// Where the embedded cluster leaves its kubeconfig.
#[must_use]
pub fn embedded_kubeconfig() -> PathBuf {
    let cache = directory("ECOTRACK_CACHE").unwrap_or_else(|| {
        directory("XDG_CACHE_HOME").unwrap_or_else(|| home().join(".cache")).join("ecotrack")
    });
    cache.join("embedded").join("kubeconfig")
}

fn default_kubeconfig() -> PathBuf {
    home().join(".kube").join("config")
}

fn home() -> PathBuf {
    directory("HOME").unwrap_or_else(|| PathBuf::from("/"))
}

fn directory(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_CONTEXTS: &str = "
apiVersion: v1
kind: Config
current-context: production
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: u, user: {}}]
contexts:
- {name: production, context: {cluster: c, user: u}}
- {name: test, context: {cluster: c, user: u}}
";

    fn kubeconfig() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, TWO_CONTEXTS).unwrap();
        (folder, path)
    }

    fn choice(context: &str, kubeconfig: PathBuf) -> ContextChoice {
        ContextChoice {
            context: Some(context.to_owned()),
            kubeconfig: Some(kubeconfig),
            ..ContextChoice::default()
        }
    }

    #[test]
    fn probes_are_of_the_official_image_unless_another_is_named() {
        let named = |image: &str| ContextChoice {
            probe_image: Some(image.to_owned()),
            ..ContextChoice::default()
        };
        assert_eq!(ContextChoice::default().probe_image(), PROBE_IMAGE);
        assert_eq!(named("").probe_image(), PROBE_IMAGE);
        assert_eq!(named("registry.example/probe:v1").probe_image(), "registry.example/probe:v1");
    }

    #[tokio::test]
    async fn the_named_context_is_taken_whatever_the_current_one_is() {
        let (_folder, path) = kubeconfig();
        let choice = choice("test", path);
        assert_eq!(choice.resolve().await.unwrap().0, "test");
    }

    #[tokio::test]
    async fn an_unknown_context_is_refused_and_the_known_ones_are_named() {
        let (_folder, path) = kubeconfig();
        let error = choice("tset", path).resolve().await.unwrap_err().to_string();
        assert!(error.ends_with("has no context `tset`: it has production, test"), "{error}");
    }

    #[tokio::test]
    async fn a_missing_kubeconfig_is_named() {
        let choice = choice("test", "/nowhere/config".into());
        let error = choice.resolve().await.unwrap_err().to_string();
        assert!(error.starts_with("reading the kubeconfig /nowhere/config"), "{error}");
    }

    #[test]
    fn without_a_choice_the_error_names_the_next_command() {
        let error = ClusterError::NoCluster(PathBuf::from("/x")).to_string();
        assert!(error.contains("make cluster-up"), "{error}");
    }
}
