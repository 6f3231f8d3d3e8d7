//! The programs built from Go modules: what they are, and where they lie once built.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::command;
use crate::layout::Layout;

const RECIPES: &str = include_str!("../components/components.yaml");

/// A component: one pinned main module, some programs of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its name, and that of the folder with its `go.mod` and `go.sum`.
    pub name: String,
    /// Its version, as users know it.
    pub version: String,
    /// The Go module it comes from.
    pub module: String,
    /// The packages to build.
    pub packages: Vec<String>,
    /// Build tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// String variables set when linking.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// Whether the module is copied and changed by the files of the `overlay` folder.
    #[serde(default)]
    pub patched: bool,
    /// Files of the module that are kept beside the programs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    /// Measured seconds of a cold build.
    pub expected_seconds: u64,
}

impl Component {
    /// The names of the programs it gives.
    #[must_use]
    pub fn programs(&self) -> Vec<String> {
        self.packages.iter().map(|package| program_of(package, &self.name)).collect()
    }
}

/// The name Go gives a package's program: the last part of its path that is no version.
fn program_of(package: &str, component: &str) -> String {
    let named = package.rsplit('/').find(|part| !is_version(part)).unwrap_or(package);
    if named == "." { component.to_owned() } else { named.to_owned() }
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|digits| {
        !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit())
    })
}

/// Reads the recipes, in the order components are built.
///
/// # Errors
/// When they do not parse or two have one name.
pub fn read() -> Result<Vec<Component>> {
    let components: Vec<Component> =
        serde_yaml_ng::from_str(RECIPES).context("cannot read the component recipes")?;
    for (index, component) in components.iter().enumerate() {
        if components[..index].iter().any(|earlier| earlier.name == component.name) {
            bail!("two components are called {}", component.name);
        }
    }
    Ok(components)
}

/// The folder of a component's finished programs.
#[must_use]
pub fn folder(layout: &Layout, component: &Component) -> PathBuf {
    layout.bin().join(format!("{}-{}", component.name, component.version))
}

/// The folder with a component's `go.mod` and `go.sum` in the repository.
#[must_use]
pub fn sources(layout: &Layout, component: &Component) -> PathBuf {
    layout.sources().join("components").join(&component.name)
}

/// The folder of the unpacked Go module of a component, fetched if needed.
///
/// # Errors
/// When the module cannot be fetched.
pub fn module_folder(layout: &Layout, component: &Component) -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Module {
        #[serde(rename = "Dir")]
        folder: PathBuf,
    }
    let version = pinned_version(layout, component)?;
    let mut command = go(layout);
    command.args(["mod", "download", "-json", &format!("{}@{version}", component.module)]);
    let text = command::output(command.current_dir(sources(layout, component)))?;
    let module: Module = serde_json::from_str(&text)
        .with_context(|| format!("cannot read where {} lies", component.module))?;
    Ok(module.folder)
}

/// The Go command with caches of our own, so that what it fetched and compiled can be forgotten afterwards.
/// A cache the user named with `GOCACHE` or `GOMODCACHE` is used instead, and is theirs to keep.
#[must_use]
pub fn go(layout: &Layout) -> Command {
    let mut command = Command::new("go");
    command.env("GOFLAGS", "-buildvcs=false -modcacherw").env("GOWORK", "off");
    command.envs(own_caches(layout));
    command
}

/// The caches that are ours, by the variable that names each.
#[must_use]
pub fn own_caches(layout: &Layout) -> Vec<(&'static str, PathBuf)> {
    let ours = [("GOCACHE", "go-build"), ("GOMODCACHE", "go-mod")];
    let unnamed = ours.into_iter().filter(|(variable, _)| std::env::var_os(variable).is_none());
    unnamed.map(|(variable, folder)| (variable, layout.root().join(folder))).collect()
}

/// The version of the component's module in its `go.mod`.
fn pinned_version(layout: &Layout, component: &Component) -> Result<String> {
    let path = sources(layout, component).join("go.mod");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    required_version(&text, &component.module)
        .with_context(|| format!("{} does not require {}", path.display(), component.module))
}

fn required_version(text: &str, module: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let line = line.trim();
        let rest = line
            .strip_prefix("require ")
            .unwrap_or(line)
            .strip_prefix(module)?
            .strip_prefix(' ')?;
        rest.split_whitespace().next().filter(|word| word.starts_with('v')).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipes_of_the_repository_parse() {
        assert!(read().unwrap().iter().any(|component| component.name == "kubernetes"));
    }

    #[test]
    fn programs_are_named_as_go_names_them() {
        assert_eq!(program_of("k8s.io/kubernetes/cmd/kubelet", "kubernetes"), "kubelet");
        assert_eq!(program_of("go.etcd.io/etcd/server/v3", "etcd"), "server");
        assert_eq!(program_of(".", "opentelemetry-collector"), "opentelemetry-collector");
    }

    #[test]
    fn every_component_has_its_pinned_module_and_checksums() {
        let layout = Layout::new(PathBuf::new(), PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        for component in read().unwrap() {
            let folder = sources(&layout, &component);
            assert!(folder.join("go.mod").exists(), "{}", component.name);
            assert!(folder.join("go.sum").exists(), "{}", component.name);
            assert_eq!(folder.join("overlay").exists(), component.patched, "{}", component.name);
        }
    }

    /// What a `go.mod` requires of a module, and what it puts in its place.
    fn pin(text: &str, module: &str) -> Option<(String, Option<String>)> {
        let replaced = text.lines().find_map(|line| {
            line.strip_prefix(&format!("replace {module} => {module} ")).map(str::to_owned)
        });
        Some((required_version(text, module)?, replaced))
    }

    /// The compiler takes from its cache only what is compiled of the same version, and it is told the version required, not the
    /// one put in its place: both must agree, or each component compiles the Kubernetes libraries once more.
    #[test]
    fn components_agree_on_the_kubernetes_libraries() {
        let layout = Layout::new(PathBuf::new(), PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        let texts: Vec<_> = read()
            .unwrap()
            .iter()
            // Its controller-runtime does not compile with newer ones.
            .filter(|component| component.name != "external-secrets")
            .map(|component| std::fs::read_to_string(sources(&layout, component).join("go.mod")))
            .collect::<Result<_, _>>()
            .unwrap();
        for module in ["k8s.io/api", "k8s.io/apimachinery", "k8s.io/client-go"] {
            let pins: Vec<_> = texts.iter().filter_map(|text| pin(text, module)).collect();
            assert!(pins.len() > 5, "{module}: {pins:?}");
            assert!(pins.iter().all(|pin| *pin == pins[0]), "{module}: {pins:?}");
        }
    }

    #[test]
    fn the_required_version_is_found_in_both_forms() {
        assert_eq!(required_version("require a.b/c v1.2.3\n", "a.b/c").as_deref(), Some("v1.2.3"));
        assert_eq!(
            required_version("require (\n\ta.b/c v1.2.3 // indirect\n)", "a.b/c").as_deref(),
            Some("v1.2.3")
        );
        assert_eq!(required_version("replace a.b/c => ./src\n", "a.b/c"), None);
    }
}
