//! Where manifests come from: this repository, or a Go module that the embedded cluster pins, taken from the module cache as it is.

use std::fs;
use std::path::{Path, PathBuf};

use serde_yaml_ng::Value;

use crate::cluster::Cluster;
use crate::command::Call;
use crate::error::{Doing as _, InstallError};
use crate::manifest::{Object, parse_yaml};
use crate::tools::find_tool;

/// A Go module, at the version that `deploy/embedded/components/<component>/go.mod` pins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Module {
    pub(crate) component: &'static str,
    pub(crate) path: &'static str,
}

/// A Helm chart inside a module.
pub(crate) struct Chart {
    pub(crate) module: Module,
    pub(crate) path: &'static str,
    pub(crate) release: &'static str,
    pub(crate) namespace: &'static str,
    pub(crate) values: Option<PathBuf>,
}

/// Something that renders to objects.
pub(crate) enum Source {
    /// A plain file of this repository.
    File(PathBuf),
    /// A kustomization of this repository.
    Kustomization(PathBuf),
    /// A kustomization that expects a file of a module beside it.
    KustomizationWith { folder: PathBuf, module: Module, file: &'static str },
    /// A file of a module.
    ModuleFile(Module, &'static str),
    /// A chart of a module, rendered without a release on the cluster.
    Chart(Chart),
}

impl Source {
    /// The files and folders it depends on; a module by the file that pins it.
    pub(crate) fn inputs(&self, repository: &Path) -> Vec<PathBuf> {
        match self {
            Self::File(path) | Self::Kustomization(path) => vec![path.clone()],
            Self::KustomizationWith { folder, module, .. } => {
                vec![folder.clone(), module.pin(repository)]
            }
            Self::ModuleFile(module, _) => vec![module.pin(repository)],
            Self::Chart(chart) => {
                let pin = chart.module.pin(repository);
                chart.values.iter().cloned().chain([pin]).collect()
            }
        }
    }

    /// The objects it stands for.
    pub(crate) async fn render(
        &self,
        cluster: &Cluster,
        repository: &Path,
    ) -> Result<Vec<Object>, InstallError> {
        match self {
            Self::File(path) => parse_yaml(&path.display().to_string(), &read(path)?),
            Self::Kustomization(folder) => kustomize(cluster, folder).await,
            Self::KustomizationWith { folder, module, file } => {
                let copy = scratch()?;
                copy_folder(folder, copy.path())?;
                let source = module.folder(repository).await?.join(file);
                write(&copy.path().join(file), &read(&source)?)?;
                kustomize(cluster, copy.path()).await
            }
            Self::ModuleFile(module, file) => {
                let path = module.folder(repository).await?.join(file);
                parse_yaml(&path.display().to_string(), &read(&path)?)
            }
            Self::Chart(chart) => chart.render(cluster, repository).await,
        }
    }
}

impl Module {
    fn pin(self, repository: &Path) -> PathBuf {
        repository.join("deploy/embedded/components").join(self.component).join("go.mod")
    }

    /// The module's folder in the module cache, downloaded if need be.
    async fn folder(self, repository: &Path) -> Result<PathBuf, InstallError> {
        let versioned = format!("{}@{}", self.path, self.version(repository).await?);
        let answer = self.ask_go(repository, &["mod", "download", "-json", &versioned]).await?;
        answer["Dir"]
            .as_str()
            .map(PathBuf::from)
            .ok_or_else(|| self.malformed("it names no folder"))
    }

    /// The version that is required; a replaced module is asked for as it was before.
    async fn version(self, repository: &Path) -> Result<String, InstallError> {
        let answer = self.ask_go(repository, &["mod", "edit", "-json"]).await?;
        let required = answer["Require"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|required| required["Path"] == self.path);
        required
            .and_then(|required| required["Version"].as_str())
            .map(str::to_owned)
            .ok_or_else(|| self.malformed("it is not required there"))
    }

    async fn ask_go(
        self,
        repository: &Path,
        arguments: &[&str],
    ) -> Result<serde_json::Value, InstallError> {
        let pins = repository.join("deploy/embedded/components").join(self.component);
        let call = Call::new(&find_tool("go")).args(arguments).within(&pins);
        let answer = call.run().await.doing(format!("getting the Go module {}", self.path))?;
        serde_json::from_str(&answer).map_err(|error| self.malformed(&error.to_string()))
    }

    fn malformed(self, reason: &str) -> InstallError {
        InstallError::Malformed {
            what: format!("what go says of the module {}", self.path),
            reason: reason.to_owned(),
        }
    }
}

impl Chart {
    async fn render(
        &self,
        cluster: &Cluster,
        repository: &Path,
    ) -> Result<Vec<Object>, InstallError> {
        let copy = scratch()?;
        copy_folder(&self.module.folder(repository).await?.join(self.path), copy.path())?;
        drop_dependencies(&copy.path().join("Chart.yaml"))?;
        let call = Call::new(cluster.helm_path())
            .args(["template", self.release, ".", "-n", self.namespace])
            .within(copy.path());
        let call = self.values.iter().fold(call, |call, values| call.arg("-f").arg(values));
        let text = call.run().await.doing(format!("rendering the chart {}", self.path))?;
        parse_yaml(&format!("chart {}", self.path), &text)
    }
}

/// A chart's subcharts are not in its module; none of them is used.
fn drop_dependencies(chart: &Path) -> Result<(), InstallError> {
    let malformed = |reason: serde_yaml_ng::Error| InstallError::Malformed {
        what: chart.display().to_string(),
        reason: reason.to_string(),
    };
    let mut fields: Value = serde_yaml_ng::from_str(&read(chart)?).map_err(malformed)?;
    if let Some(mapping) = fields.as_mapping_mut() {
        mapping.remove("dependencies");
    }
    write(chart, &serde_yaml_ng::to_string(&fields).map_err(malformed)?)
}

async fn kustomize(cluster: &Cluster, folder: &Path) -> Result<Vec<Object>, InstallError> {
    let text = Call::new(cluster.kubectl_path())
        .arg("kustomize")
        .arg(folder)
        .run()
        .await
        .doing("rendering a kustomization")?;
    parse_yaml(&format!("kustomization {}", folder.display()), &text)
}

fn scratch() -> Result<tempfile::TempDir, InstallError> {
    tempfile::tempdir().map_err(|source| InstallError::File {
        doing: "making a folder in",
        path: std::env::temp_dir(),
        source,
    })
}

fn read(path: &Path) -> Result<String, InstallError> {
    fs::read_to_string(path).map_err(|source| InstallError::File {
        doing: "reading",
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, text: &str) -> Result<(), InstallError> {
    fs::write(path, text).map_err(|source| InstallError::File {
        doing: "writing",
        path: path.to_owned(),
        source,
    })
}

/// Copies contents without permissions: the module cache is read-only. A lock of dependencies is left out like the dependencies.
fn copy_folder(from: &Path, to: &Path) -> Result<(), InstallError> {
    let failed = |source| InstallError::File { doing: "copying", path: from.to_owned(), source };
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(failed)?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if entry.file_name() != "Chart.lock" {
            let bytes = fs::read(entry.path()).map_err(failed)?;
            fs::write(&target, bytes).map_err(failed)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_loses_its_dependencies_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let chart = folder.path().join("Chart.yaml");
        fs::write(&chart, "name: x\nversion: 1.0.0\ndependencies:\n  - name: y\n").unwrap();
        drop_dependencies(&chart).unwrap();
        assert_eq!(fs::read_to_string(&chart).unwrap(), "name: x\nversion: 1.0.0\n");
    }

    #[test]
    fn a_folder_is_copied_with_its_folders_and_without_a_lock() {
        let [from, to] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        fs::create_dir(from.path().join("templates")).unwrap();
        fs::write(from.path().join("templates/a.yaml"), "a").unwrap();
        fs::write(from.path().join("Chart.lock"), "x").unwrap();
        copy_folder(from.path(), to.path()).unwrap();
        assert_eq!(fs::read_to_string(to.path().join("templates/a.yaml")).unwrap(), "a");
        assert!(!to.path().join("Chart.lock").exists());
    }
}
