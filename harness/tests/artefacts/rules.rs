//! The alerts: valid, tested on both sides of their boundary and without data, explained, and delivered to somebody who exists.

mod boundary;
mod coverage;
mod delivery;
pub(crate) mod names;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_yaml_ng::{Mapping, Value};

use super::promtool::Folder;
use super::repository::{files, stem, text, yaml};

/// One `PrometheusRule` of `alerts/rules`.
pub(crate) struct RuleFile {
    pub(crate) path: PathBuf,
    pub(crate) groups: Vec<Group>,
}

/// A group as Prometheus knows it.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) rules: Vec<Rule>,
}

/// A recording rule or an alert.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Rule {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alert: Option<String>,
    pub(crate) expr: String,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub(crate) hold: Option<String>,
    #[serde(default, skip_serializing_if = "Mapping::is_empty")]
    pub(crate) labels: Mapping,
    #[serde(default, skip_serializing_if = "Mapping::is_empty")]
    pub(crate) annotations: Mapping,
}

#[derive(Deserialize)]
struct Object {
    kind: String,
    spec: Spec,
}

#[derive(Deserialize)]
struct Spec {
    groups: Vec<Group>,
}

/// Every rule file, in order.
pub(crate) fn all() -> Vec<RuleFile> {
    let paths =
        files("alerts/rules", "yaml").into_iter().filter(|path| stem(path) != "kustomization");
    paths
        .map(|path| {
            let object: Object = yaml(&path);
            assert_eq!(object.kind, "PrometheusRule", "{}", path.display());
            RuleFile { path, groups: object.spec.groups }
        })
        .collect()
}

/// Every rule of every file.
pub(crate) fn rules() -> Vec<Rule> {
    all().into_iter().flat_map(|file| file.groups).flat_map(|group| group.rules).collect()
}

/// Every alert with its name.
pub(crate) fn alerts() -> Vec<(String, Rule)> {
    rules().into_iter().filter_map(|rule| Some((rule.alert.clone()?, rule))).collect()
}

/// A label or annotation; empty when there is none.
fn entry<'a>(map: &'a Mapping, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn every_rule_is_valid() {
    let rules = all();
    Folder::of("rules-check", &rules).run(
        &["check", "rules", "--lint=all", "--lint-fatal"],
        rules.iter().map(|file| file.path.as_path()),
    );
}

#[test]
fn every_rule_passes_its_unit_tests() {
    let folder = Folder::of("rules-test", &all());
    let tests = files("alerts/tests", "yaml");
    for path in &tests {
        folder.add_test(path, &text(path));
    }
    folder.run(&["test", "rules"], tests.iter().map(PathBuf::as_path));
}

#[test]
fn every_rule_file_is_installed() {
    #[derive(Deserialize)]
    struct Kustomization {
        resources: Vec<String>,
    }
    let listed: Kustomization = yaml("alerts/rules/kustomization.yaml");
    let present: Vec<_> = all().iter().map(|file| format!("{}.yaml", stem(&file.path))).collect();
    assert_eq!(
        listed.resources, present,
        "alerts/rules/kustomization.yaml names every rule file, in order"
    );
}
