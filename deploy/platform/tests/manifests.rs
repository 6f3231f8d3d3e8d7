//! What the manifests of this folder promise, checked without a cluster.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ecotrack_platform::SERVICES;
use serde::Deserialize as _;
use serde_json::Value;

fn platform() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn documents(path: &Path) -> Vec<Value> {
    let text = read(path);
    let documents = serde_yaml_ng::Deserializer::from_str(&text);
    documents.map(|document| Value::deserialize(document).unwrap()).collect()
}

/// Every workload of the data stores and of the secret store, by kind and name, with its pod.
fn pods() -> Vec<(String, Value)> {
    let folders = ["data", "openbao"].map(|folder| platform().join(folder));
    let yaml = folders.iter().flat_map(|folder| files(folder));
    let yaml = yaml.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let objects: Vec<Value> = yaml.flat_map(|path| documents(&path)).collect();
    let named = |object: &Value| format!("{} {}", object["kind"], object["metadata"]["name"]);
    let pod = |object: &Value| object.pointer("/spec/template/spec").cloned();
    objects.iter().filter_map(|object| Some((named(object), pod(object)?))).collect()
}

#[test]
fn every_pod_is_hardened_and_asks_for_little() {
    assert_eq!(pods().len(), 6);
    for (name, pod) in pods() {
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{name}");
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{name}");
        assert_eq!(pod["enableServiceLinks"], false, "{name}");
        for container in pod["containers"].as_array().unwrap() {
            let security = &container["securityContext"];
            assert_eq!(security["allowPrivilegeEscalation"], false, "{name}");
            assert_eq!(security["readOnlyRootFilesystem"], true, "{name}");
            assert_eq!(security["capabilities"]["drop"][0], "ALL", "{name}");
            assert_eq!(container["imagePullPolicy"], "IfNotPresent", "{name}");
            assert!(container["resources"]["requests"]["cpu"].is_string(), "{name}");
            assert!(container["resources"]["limits"]["memory"].is_string(), "{name}");
        }
    }
}

#[test]
fn only_the_secret_store_holds_a_token_of_the_cluster() {
    let with_token =
        pods().into_iter().filter(|(_, pod)| pod["automountServiceAccountToken"] != false);
    let names: Vec<String> = with_token.map(|(name, _)| name).collect();
    assert_eq!(names, [r#""StatefulSet" "openbao""#]);
}

fn registry() -> Value {
    let repository = platform().join("../..");
    documents(&repository.join("reference-services/contracts/telemetry/registry.yaml")).remove(0)
}

#[test]
fn the_services_are_those_of_the_registry() {
    let registry = registry();
    let services = registry["services"].as_array().unwrap().iter();
    let names: Vec<&str> = services.map(|service| service["name"].as_str().unwrap()).collect();
    assert_eq!(names, SERVICES);
}

/// Who may do what with which topic: `writes` or `reads`, a user, a topic.
type Grants = BTreeSet<[String; 3]>;

/// What the registry of events needs, and the harness, which reads everything.
fn needed() -> Grants {
    let registry = registry();
    let edges = registry["event_edges"].as_array().unwrap();
    assert_eq!(edges.len(), 4);
    let mut needed = Grants::from([["reads", "conformance", "'*'"].map(str::to_owned)]);
    for edge in edges {
        let topic = edge["topic"].as_str().unwrap();
        let mut need = |right: &str, who: &Value, topic: &str| {
            needed.insert([right, who.as_str().unwrap(), topic].map(str::to_owned))
        };
        need("writes", &edge["producer"], topic);
        for consumer in edge["consumers"].as_array().unwrap() {
            need("reads", consumer, topic);
            need("writes", consumer, &format!("{topic}.dlt"));
        }
    }
    needed
}

/// What the script gives. A line that gives something in another way is not understood, and fails.
fn given(script: &str) -> Grants {
    let calls = |line: &&str| line.starts_with("  writes ") || line.starts_with("  reads ");
    let ways = script.lines().filter(|line| line.contains("kafka-acls.sh")).count();
    let callers = script.lines().filter(|line| line.contains("allow ")).count();
    assert_eq!((ways, callers), (1, 2), "one way to give, and two who use it");
    script.lines().filter(calls).flat_map(grants).collect()
}

fn grants(line: &str) -> Vec<[String; 3]> {
    let [right, who, options @ ..] = &line.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{line}")
    };
    let (pairs, rest) = options.as_chunks::<2>();
    assert!(rest.is_empty(), "{line}");
    let is_own = |group: &&str| group == who || (*who == "conformance" && *group == "'*'");
    let topics = pairs.iter().filter_map(|[option, value]| match *option {
        "--topic" => Some([*right, *who, *value].map(str::to_owned)),
        "--group" if *right == "reads" && is_own(value) => None,
        _ => panic!("{option} {value} in {line}"),
    });
    topics.collect()
}

#[test]
fn whoever_tells_or_listens_by_the_registry_of_events_may_and_nobody_else() {
    assert_eq!(given(&read(&platform().join("data/kafka/topics.sh"))), needed());
}

#[test]
fn what_nobody_was_given_nobody_may() {
    let properties = read(&platform().join("data/kafka/server.properties"));
    let of = |key: &str| {
        let values =
            properties.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        values.collect::<Vec<_>>()
    };
    assert_eq!(of("allow.everyone.if.no.acl.found"), ["false"]);
    assert_eq!(of("authorizer.class.name").len(), 1, "without one there is nobody to refuse");
    assert_eq!(of("super.users"), ["User:admin;User:CN=kafka"]);
}

#[test]
fn the_access_log_has_no_query() {
    let values = documents(&platform().join("istio/istiod.yaml")).remove(0);
    let providers = values["meshConfig"]["extensionProviders"].as_array().unwrap();
    let log = providers.iter().find(|provider| provider["name"] == "json-log").unwrap();
    let labels = log["envoyFileAccessLog"]["logFormat"]["labels"].as_object().unwrap();
    assert_eq!(labels["path"], "%PATH(NQ:ORIG_OR_PATH)%");
    let told = labels.values().filter_map(Value::as_str);
    let with_query: Vec<_> =
        told.filter(|told| told.contains(":PATH)") || told.contains("REFERER")).collect();
    assert!(with_query.is_empty(), "{with_query:?}");
}

#[test]
fn every_service_has_a_schema_and_a_login() {
    let bootstrap = read(&platform().join("data/postgres/bootstrap.sql"));
    let configure = read(&platform().join("openbao/configure.sh"));
    for service in SERVICES {
        assert!(bootstrap.contains(&format!("'{}'", service.replace('-', "_"))), "{service}");
        assert!(configure.contains(service), "{service}");
    }
}
