//! The dashboards: findable, explained, and asking only for what somebody emits.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use super::repository::{files, repeated, text};
use super::rules::names::assert_known;

/// Grafana 12 and later; older ones migrate it when it is loaded.
const SCHEMA_VERSION: u32 = 42;
/// Variables that Grafana itself provides.
const BUILT_IN: [&str; 1] = ["__rate_interval"];

static VARIABLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\$\{?([a-zA-Z_]+)").unwrap());
static RANGE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\[([^\]]*)\]").unwrap());

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dashboard {
    uid: String,
    title: String,
    description: String,
    schema_version: u32,
    editable: bool,
    templating: Templating,
    panels: Vec<Panel>,
}

#[derive(Deserialize)]
struct Templating {
    list: Vec<Variable>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Variable {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    all_value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Panel {
    id: u32,
    title: String,
    description: String,
    field_config: FieldConfig,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct FieldConfig {
    defaults: Defaults,
}

#[derive(Deserialize)]
struct Defaults {
    unit: String,
}

#[derive(Deserialize)]
struct Target {
    datasource: DataSource,
    expr: String,
}

#[derive(Deserialize)]
struct DataSource {
    uid: String,
}

impl Dashboard {
    fn queries(&self) -> impl Iterator<Item = (&Panel, &Target)> {
        self.panels.iter().flat_map(|panel| panel.targets.iter().map(move |target| (panel, target)))
    }
}

fn dashboards() -> Vec<(PathBuf, Dashboard)> {
    let parse = |path: &Path| {
        serde_json::from_str(&text(path))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let found: Vec<_> =
        files("dashboards", "json").into_iter().map(|path| (path.clone(), parse(&path))).collect();
    assert!(!found.is_empty(), "no dashboard in dashboards/");
    found
}

#[test]
fn every_dashboard_can_be_found_and_is_changed_only_in_the_repository() {
    let dashboards = dashboards();
    assert_eq!(
        repeated(dashboards.iter().map(|(_, dashboard)| dashboard.uid.as_str())),
        [] as [&str; 0],
        "two dashboards share a uid"
    );
    for (path, dashboard) in &dashboards {
        let place = path.display();
        assert!(
            dashboard.uid.starts_with("ecotrack-"),
            "{place}: uid {:?} does not start with ecotrack-",
            dashboard.uid
        );
        assert!(
            !dashboard.title.is_empty() && !dashboard.description.is_empty(),
            "{place}: no title or description"
        );
        assert_eq!(dashboard.schema_version, SCHEMA_VERSION, "{place}: schemaVersion");
        assert!(!dashboard.editable, "{place}: a change made in Grafana would be lost");
    }
}

#[test]
fn every_panel_is_explained_has_a_unit_and_queries() {
    for (path, dashboard) in dashboards() {
        let mut ids: Vec<u32> = dashboard.panels.iter().map(|panel| panel.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), dashboard.panels.len(), "{}: two panels share an id", path.display());
        for panel in &dashboard.panels {
            let place = format!("{}: panel {:?}", path.display(), panel.title);
            assert!(panel.description.ends_with('.'), "{place} has no sentence as description");
            assert!(!panel.field_config.defaults.unit.is_empty(), "{place} has no unit");
            assert!(!panel.targets.is_empty(), "{place} asks for nothing");
        }
    }
}

#[test]
fn every_query_takes_its_data_source_and_its_rate_interval_from_grafana() {
    for (path, dashboard) in dashboards() {
        for (panel, target) in dashboard.queries() {
            let place = format!("{}: panel {:?}", path.display(), panel.title);
            assert_eq!(target.datasource.uid, "${datasource}", "{place}");
            for range in RANGE.captures_iter(&target.expr) {
                assert_eq!(
                    &range[1], "$__rate_interval",
                    "{place}: a fixed window does not follow the time range"
                );
            }
        }
    }
}

#[test]
fn every_variable_is_declared_used_and_has_a_value_for_all() {
    for (path, dashboard) in dashboards() {
        let place = path.display();
        let variables = &dashboard.templating.list;
        assert!(
            variables.iter().any(|variable| variable.kind == "datasource"),
            "{place}: the data source is no variable"
        );
        let used: Vec<&str> = dashboard
            .queries()
            .flat_map(|(_, target)| VARIABLE.captures_iter(&target.expr))
            .map(|found| found.extract::<1>().1[0])
            .collect();
        for name in &used {
            assert!(
                BUILT_IN.contains(name) || variables.iter().any(|variable| variable.name == *name),
                "{place}: ${name} is not declared"
            );
        }
        for variable in variables.iter().filter(|variable| variable.kind != "datasource") {
            assert!(
                used.contains(&variable.name.as_str()),
                "{place}: no query uses ${}",
                variable.name
            );
            assert!(
                variable.all_value.is_some(),
                "{place}: ${} has no allValue to run its queries with",
                variable.name
            );
        }
    }
}

#[test]
fn every_metric_of_a_dashboard_is_emitted() {
    for (path, dashboard) in dashboards() {
        for (panel, target) in dashboard.queries() {
            assert_known(&format!("{}: panel {:?}", path.display(), panel.title), &target.expr);
        }
    }
}
