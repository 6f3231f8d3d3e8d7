//! What the manifests of this folder promise, checked without a cluster.

#![cfg(test)]

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

#[test]
fn whoever_tells_or_listens_by_the_registry_of_events_may() {
    let registry = registry();
    let script = read(&platform().join("data/kafka/topics.sh"));
    let allowed = |right: &str, service: &str, topic: &str| {
        let grants = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.starts_with(&[right, service])
                && words.windows(2).any(|pair| pair == ["--topic", topic])
        };
        assert!(script.lines().any(grants), "{service} must be allowed: {right} {topic}");
    };
    let edges = registry["event_edges"].as_array().unwrap();
    assert_eq!(edges.len(), 4);
    for edge in edges {
        let topic = edge["topic"].as_str().unwrap();
        allowed("writes", edge["producer"].as_str().unwrap(), topic);
        for consumer in edge["consumers"].as_array().unwrap() {
            let consumer = consumer.as_str().unwrap();
            allowed("reads", consumer, topic);
            allowed("writes", consumer, &format!("{topic}.dlt"));
        }
    }
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
