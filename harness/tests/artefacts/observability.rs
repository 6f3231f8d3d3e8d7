//! The platform's observability: small, hardened, and of pinned versions.

use conformance::contracts::Registry;
use serde::Deserialize;
use serde_yaml_ng::{Deserializer, Value};

use super::repository::{files, text};

const FOLDER: &str = "deploy/platform/observability";
/// What all of it may reserve: thousandths of a core, and MiB.
const CORES: u64 = 350;
const MEMORY: u64 = 1024;

/// Every object of the folder.
fn objects() -> Vec<Value> {
    let parse = |path| {
        Deserializer::from_str(&text(path))
            .map(|object| Value::deserialize(object).expect("an object"))
            .collect::<Vec<_>>()
    };
    files(FOLDER, "yaml").into_iter().flat_map(parse).collect()
}

/// Every value under the key, however deep.
fn under<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    match value {
        Value::Mapping(map) => map
            .iter()
            .flat_map(|(name, inner)| if name == key { vec![inner] } else { under(inner, key) })
            .collect(),
        Value::Sequence(items) => items.iter().flat_map(|item| under(item, key)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Tagged(_) => {
            Vec::new()
        }
    }
}

/// The containers of pods that we write ourselves; those of Prometheus and Alertmanager are the operator's.
fn containers(objects: &[Value]) -> Vec<&Value> {
    let ours = objects.iter().filter(|object| {
        ["Deployment", "StatefulSet", "DaemonSet"]
            .contains(&object["kind"].as_str().unwrap_or_default())
    });
    ours.flat_map(|object| under(object, "containers"))
        .filter_map(Value::as_sequence)
        .flatten()
        .collect()
}

/// A quantity in the unit of its suffix; anything else is a mistake here.
fn quantity(value: &Value, suffix: &str) -> u64 {
    let text = value.as_str().unwrap_or_default();
    text.strip_suffix(suffix)
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("{text:?} is no number of {suffix}"))
}

#[test]
fn all_of_it_fits_its_share_of_a_small_node() {
    let objects = objects();
    let requests: Vec<&Value> =
        objects.iter().flat_map(|object| under(object, "requests")).collect();
    assert!(!requests.is_empty(), "{FOLDER}: nothing is reserved");
    let cores: u64 = requests.iter().map(|request| quantity(&request["cpu"], "m")).sum();
    let memory: u64 = requests.iter().map(|request| quantity(&request["memory"], "Mi")).sum();
    assert!(cores <= CORES, "{FOLDER}: {cores}m of processor reserved, at most {CORES}m may be");
    assert!(memory <= MEMORY, "{FOLDER}: {memory}Mi of memory reserved, at most {MEMORY}Mi may be");
}

#[test]
fn every_container_is_hardened() {
    for container in containers(&objects()) {
        let (name, context) =
            (container["name"].as_str().expect("a name"), &container["securityContext"]);
        if name == "prometheus-operator" {
            // The bundle hardens it; here only its arguments are replaced.
            continue;
        }
        assert_eq!(context["allowPrivilegeEscalation"], Value::Bool(false), "{name}");
        assert_eq!(context["readOnlyRootFilesystem"], Value::Bool(true), "{name}");
        assert_eq!(context["capabilities"]["drop"][0].as_str(), Some("ALL"), "{name}");
        assert!(
            !container["resources"]["limits"]["memory"].is_null(),
            "{name}: without a limit it may take the node's memory"
        );
    }
}

#[test]
fn every_image_names_its_registry_and_a_version() {
    let objects = objects();
    let images: Vec<&str> = objects
        .iter()
        .flat_map(|object| under(object, "image"))
        .filter_map(Value::as_str)
        .collect();
    assert!(
        images.len() >= 5,
        "{FOLDER}: expected the images of Prometheus, Alertmanager, Loki, the collector and Jaeger, found {images:?}"
    );
    for image in images {
        let (place, version) = image.rsplit_once(':').unwrap_or((image, ""));
        assert!(
            place.split('/').next().is_some_and(|registry| registry.contains('.')),
            "{image}: no registry"
        );
        assert!(version.contains(|first: char| first.is_ascii_digit()), "{image}: no version");
    }
}

#[test]
fn every_attribute_that_the_registry_promises_passes_the_collector() {
    let config: Value =
        serde_yaml_ng::from_str(&text(format!("{FOLDER}/stack/otelcol/config.yaml")))
            .expect("YAML");
    let allowed: Vec<&str> = config["processors"]["redaction"]["allowed_keys"]
        .as_sequence()
        .expect("a list of what may pass")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let spans = Registry::read().expect("the registry").business_spans;
    assert!(!spans.is_empty(), "the registry promises nothing");
    for attribute in spans.iter().flat_map(|span| &span.attributes) {
        assert!(
            allowed.contains(&attribute.as_str()),
            "{attribute} would not reach the trace store"
        );
    }
}
