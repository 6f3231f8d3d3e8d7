//! Runs the real Helm.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::SANDBOX;
use crate::repository::root;

/// Kubernetes version that charts are rendered for; without a cluster Helm assumes one of its own.
const KUBERNETES: &str = "1.36.3";

/// A chart with the values it is installed with.
pub(crate) struct Release {
    pub(crate) chart: &'static str,
    pub(crate) name: String,
    pub(crate) namespace: &'static str,
    pub(crate) values: Vec<String>,
    pub(crate) set: Vec<String>,
}

impl Release {
    /// One service in one environment.
    pub(crate) fn service(environment: &str, service: &str) -> Self {
        let values = vec![
            format!("deploy/values/services/{service}.yaml"),
            format!("deploy/values/{environment}.yaml"),
        ];
        let namespace = if service == SANDBOX { "external" } else { "ecotrack" };
        Self {
            chart: "deploy/charts/ecotrack-service",
            name: service.to_owned(),
            namespace,
            values,
            set: Vec::new(),
        }
    }

    /// The mesh's policies.
    pub(crate) fn mesh() -> Self {
        Self {
            chart: "deploy/istio",
            name: "ecotrack-mesh".to_owned(),
            namespace: "ecotrack",
            values: Vec::new(),
            set: Vec::new(),
        }
    }

    /// The wiring of secrets in one environment.
    pub(crate) fn secrets(environment: &str) -> Self {
        let values = vec![format!("deploy/values/secrets/{environment}.yaml")];
        Self {
            chart: "deploy/secrets",
            name: "ecotrack-secrets".to_owned(),
            namespace: "ecotrack",
            values,
            set: Vec::new(),
        }
    }

    /// The same with one value changed, as `path=value`.
    pub(crate) fn with(mut self, setting: &str) -> Self {
        self.set.push(setting.to_owned());
        self
    }

    /// `helm template`, or Helm's own words when it refuses.
    pub(crate) fn render(&self) -> Result<String, String> {
        self.run(&["template", &self.name, self.chart, "--kube-version", KUBERNETES])
    }

    /// `helm lint --strict`, or what it found.
    pub(crate) fn lint(&self) -> Result<String, String> {
        self.run(&["lint", "--strict", self.chart])
    }

    fn run(&self, command: &[&str]) -> Result<String, String> {
        let mut helm = Command::new(binary());
        helm.current_dir(root()).args(command).args(["--namespace", self.namespace]);
        for file in &self.values {
            helm.args(["--values", file]);
        }
        for setting in &self.set {
            helm.args(["--set", setting]);
        }
        words(&helm.output().expect("helm starts"))
    }
}

fn words(output: &Output) -> Result<String, String> {
    let (out, error) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr),
    );
    if output.status.success() { Ok(out) } else { Err(format!("{out}{error}")) }
}

/// `HELM`, or the one on the path, or the one that the project built for itself.
fn binary() -> PathBuf {
    env::var_os("HELM")
        .map(PathBuf::from)
        .or_else(|| env::var_os("PATH").and_then(|path| env::split_paths(&path).map(|folder| folder.join("helm")).find(|file| file.is_file())))
        .or_else(built)
        .expect("no helm: install it, name it in HELM, or run `cargo run -p ecotrack-embedded -- build helm`")
}

fn built() -> Option<PathBuf> {
    let cache = env::var_os("ECOTRACK_CACHE")
        .map(PathBuf::from)
        .or_else(|| env::var_os("XDG_CACHE_HOME").map(|cache| Path::new(&cache).join("ecotrack")))
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache/ecotrack")))?;
    let mut versions: Vec<_> = std::fs::read_dir(cache.join("bin"))
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("helm"))
        .collect();
    versions.sort();
    versions.into_iter().rfind(|file| file.is_file())
}
