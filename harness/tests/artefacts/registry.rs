//! The telemetry registry: parses without an unknown key, repeats no name, and connects only services that exist.

use std::collections::{BTreeMap, BTreeSet};

use conformance::contracts::Edge;
use cucumber::gherkin::{Feature, GherkinEnv};
use serde::Deserialize;
use serde_yaml_ng::Value;

use super::repository::{repeated, root, yaml};

const PATH: &str = "reference-services/contracts/telemetry/registry.yaml";
/// Ends of a call that are no service of ours.
const OUTSIDE: [&str; 2] = ["ingressgateway", "provider-sandbox"];
const SIGNALS: [&str; 3] = ["metrics", "logs", "traces"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registry {
    services: Vec<Service>,
    http_edges: Vec<HttpEdge>,
    event_edges: Vec<EventEdge>,
    metrics: Vec<Metric>,
    platform_metrics: Vec<PlatformMetric>,
    business_spans: Vec<BusinessSpan>,
    logs: Logs,
    headers: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    name: String,
    depends_on: Vec<String>,
    signals: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpEdge {
    from: String,
    to: String,
    #[serde(rename = "method")]
    _method: Option<String>,
    routes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventEdge {
    topic: String,
    producer: String,
    relation: String,
    events: Vec<String>,
    consumers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    unit: Option<String>,
    help: String,
    services: Vec<String>,
    labels: BTreeMap<String, Value>,
    #[serde(default)]
    buckets: Vec<f64>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlatformMetric {
    name: String,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BusinessSpan {
    name: String,
    service: String,
    attributes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Logs {
    fields: Vec<String>,
    mdc: Vec<String>,
    index_labels: Vec<String>,
    metadata: BTreeMap<String, String>,
}

impl Metric {
    /// The series under which it appears in Prometheus.
    fn series(&self) -> Vec<String> {
        match self.kind {
            Kind::Histogram => {
                ["bucket", "sum", "count"].map(|part| format!("{}_{part}", self.name)).into()
            }
            Kind::Counter | Kind::Gauge => vec![self.name.clone()],
        }
    }
}

/// Every series that services or platform emit, by the registry.
pub(crate) fn known_metrics() -> BTreeSet<String> {
    let registry: Registry = yaml(PATH);
    let platform = registry.platform_metrics.into_iter().map(|metric| metric.name);
    registry.metrics.iter().flat_map(Metric::series).chain(platform).collect()
}

fn assert_distinct<'a>(what: &str, names: impl Iterator<Item = &'a str>) {
    assert_eq!(repeated(names), [] as [&str; 0], "{PATH}: {what} named twice");
}

#[test]
fn names_are_distinct() {
    let registry: Registry = yaml(PATH);
    assert_distinct("services", registry.services.iter().map(|service| service.name.as_str()));
    assert_distinct("topics", registry.event_edges.iter().map(|edge| edge.topic.as_str()));
    assert_distinct(
        "events",
        registry.event_edges.iter().flat_map(|edge| &edge.events).map(String::as_str),
    );
    assert_distinct("metrics", registry.metrics.iter().map(|metric| metric.name.as_str()));
    assert_distinct("spans", registry.business_spans.iter().map(|span| span.name.as_str()));
    assert_distinct(
        "log fields",
        registry
            .logs
            .fields
            .iter()
            .chain(&registry.logs.mdc)
            .chain(&registry.logs.index_labels)
            .map(String::as_str),
    );
}

#[test]
fn edges_metrics_and_spans_belong_to_services_that_exist() {
    let registry: Registry = yaml(PATH);
    let assert_service = |place: &str, name: &str| {
        let known = registry.services.iter().any(|service| service.name == name);
        assert!(
            known || OUTSIDE.contains(&name),
            "{PATH}: {place} names {name}, which is no service"
        );
    };
    for edge in &registry.http_edges {
        assert!(!edge.routes.is_empty(), "{PATH}: {} to {} has no route", edge.from, edge.to);
        assert_service("an HTTP edge", &edge.from);
        assert_service("an HTTP edge", &edge.to);
    }
    for edge in &registry.event_edges {
        assert_eq!(edge.relation, "parent", "{PATH}: {}", edge.topic);
        assert_service(&edge.topic, &edge.producer);
        edge.consumers.iter().for_each(|consumer| assert_service(&edge.topic, consumer));
    }
    for metric in &registry.metrics {
        assert!(!metric.services.is_empty(), "{PATH}: nobody emits {}", metric.name);
        metric.services.iter().for_each(|service| assert_service(&metric.name, service));
    }
    registry.business_spans.iter().for_each(|span| assert_service(&span.name, &span.service));
}

/// The step that leaves edges out, with the rows of its table.
const EDGES: &str = "the trace follows every edge of the telemetry registry but these";

#[test]
fn an_edge_that_no_trace_has_to_follow_is_one_of_the_registry_and_has_a_reason() {
    let path = root().join("features/observability/traces.feature");
    let feature = Feature::parse_path(path, GherkinEnv::default()).expect("a feature");
    let mut steps = feature.scenarios.into_iter().flat_map(|scenario| scenario.steps);
    let step = steps.find(|step| step.value == EDGES).expect("a trace that follows every edge");
    let rows = step.table.expect("a table").rows;
    let excluded: Vec<Edge> = rows
        .iter()
        .skip(1)
        .map(|row| {
            assert!(row[3].contains(' '), "{row:?} has no reason");
            Edge::parse(&row[0], &row[1], &row[2]).expect("an edge")
        })
        .collect();
    let registry = conformance::contracts::Registry::read().expect("a registry");
    let followed = registry.edges_but(&excluded).expect("exclusions of what is an edge");
    assert!(followed.len() > excluded.len(), "more is left out than is followed");
}

#[test]
fn a_service_depends_on_the_neighbours_it_calls() {
    let registry: Registry = yaml(PATH);
    for service in &registry.services {
        for edge in registry
            .http_edges
            .iter()
            .filter(|edge| edge.from == service.name && !OUTSIDE.contains(&edge.to.as_str()))
        {
            assert!(
                service.depends_on.contains(&edge.to),
                "{PATH}: {} calls {} without depending on it",
                edge.from,
                edge.to
            );
        }
    }
}

#[test]
fn every_service_emits_every_signal() {
    let registry: Registry = yaml(PATH);
    for service in &registry.services {
        assert_eq!(service.signals, SIGNALS, "{PATH}: {}", service.name);
    }
}

#[test]
fn metric_names_say_kind_and_unit() {
    let registry: Registry = yaml(PATH);
    for metric in &registry.metrics {
        assert_eq!(
            metric.kind == Kind::Counter,
            metric.name.ends_with("_total"),
            "{PATH}: {} and counters end with _total",
            metric.name
        );
        assert!(metric.help.ends_with('.'), "{PATH}: {} has no sentence as help", metric.name);
        if let Some(unit) = &metric.unit {
            assert!(
                metric.name.ends_with(unit.as_str()),
                "{PATH}: {} does not end with its unit {unit}",
                metric.name
            );
        }
        assert!(metric.buckets.is_sorted(), "{PATH}: buckets of {} are not in order", metric.name);
        assert!(
            !metric.labels.keys().any(|label| label.ends_with("_id")),
            "{PATH}: {} has an id as label",
            metric.name
        );
    }
}

#[test]
fn log_context_becomes_metadata_and_headers_are_declared_for_every_way() {
    let registry: Registry = yaml(PATH);
    let kept: Vec<&str> = registry.logs.mdc.iter().map(String::as_str).collect();
    let named: BTreeSet<&str> = registry.logs.metadata.keys().map(String::as_str).collect();
    assert_eq!(named, kept.into_iter().collect(), "{PATH}: metadata names what mdc holds");
    for way in ["request", "response", "baggage", "event"] {
        assert!(
            registry.headers.get(way).is_some_and(|headers| !headers.is_empty()),
            "{PATH}: no headers for {way}"
        );
    }
    assert!(
        registry.business_spans.iter().all(|span| !span.attributes.is_empty()),
        "{PATH}: a span without attributes says nothing"
    );
}
