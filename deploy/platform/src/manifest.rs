//! Kubernetes objects as they are rendered, applied and read back.

use serde::Deserialize as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::InstallError;

/// One object. It may hold a secret, so it cannot be printed.
#[derive(Clone, PartialEq)]
pub(crate) struct Object(pub(crate) Value);

impl Object {
    pub(crate) fn kind(&self) -> &str {
        self.text("/kind")
    }

    pub(crate) fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    pub(crate) fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }

    /// What it takes to find it.
    pub(crate) fn identity(&self) -> Self {
        let mut metadata = json!({"name": self.name()});
        if !self.namespace().is_empty() {
            metadata["namespace"] = self.namespace().into();
        }
        Self(
            json!({"apiVersion": self.text("/apiVersion"), "kind": self.kind(), "metadata": metadata}),
        )
    }

    /// `StatefulSet data/kafka`.
    pub(crate) fn label(&self) -> String {
        match self.namespace() {
            "" => format!("{} {}", self.kind(), self.name()),
            namespace => format!("{} {namespace}/{}", self.kind(), self.name()),
        }
    }

    /// The text at a JSON pointer, empty if there is none.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The number at a JSON pointer, if there is one.
    pub(crate) fn number(&self, pointer: &str) -> Option<u64> {
        self.0.pointer(pointer).and_then(Value::as_u64)
    }

    /// The array at a JSON pointer, empty if there is none.
    pub(crate) fn list(&self, pointer: &str) -> &[Value] {
        self.0.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Whether both are the same object of the cluster, in whatever state.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.namespace() == other.namespace()
            && self.kind() == other.kind()
            && self.name() == other.name()
            && group(self) == group(other)
    }
}

fn group(object: &Object) -> &str {
    object.text("/apiVersion").split_once('/').map_or("", |(group, _)| group)
}

/// The objects of a YAML text with any number of documents; empty documents are left out.
pub(crate) fn parse_yaml(what: &str, text: &str) -> Result<Vec<Object>, InstallError> {
    let mut objects = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_str(text) {
        let value = Value::deserialize(document).map_err(|error| malformed(what, &error))?;
        objects.extend(flatten(value));
    }
    Ok(objects)
}

/// The objects of an answer of kubectl: a list, one object, or nothing at all.
pub(crate) fn parse_answer(what: &str, text: &str) -> Result<Vec<Object>, InstallError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(text).map(flatten).map_err(|error| malformed(what, &error))
}

/// The error about a text that is not what it should be.
pub(crate) fn malformed(what: &str, reason: &dyn std::fmt::Display) -> InstallError {
    InstallError::Malformed { what: what.to_owned(), reason: reason.to_string() }
}

fn flatten(value: Value) -> Vec<Object> {
    let is_list =
        value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    if value.is_null() {
        return Vec::new();
    }
    if !is_list {
        return vec![Object(value)];
    }
    match value.get("items") {
        Some(Value::Array(items)) => items.iter().cloned().flat_map(flatten).collect(),
        _ => Vec::new(),
    }
}

/// All objects as one list, as kubectl reads it.
pub(crate) fn to_list(objects: &[Object]) -> String {
    let items: Vec<&Value> = objects.iter().map(|object| &object.0).collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

/// A digest that changes when any object does; the order of keys does not matter.
pub(crate) fn digest(objects: &[Object]) -> String {
    hex(&Sha256::digest(to_list(objects)))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a, namespace: data}\n---\n# nothing\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: b}\n";

    #[test]
    fn every_document_is_an_object_and_empty_ones_are_left_out() {
        let labels: Vec<String> =
            parse_yaml("test", TWO).unwrap().iter().map(Object::label).collect();
        assert_eq!(labels, ["ConfigMap data/a", "Deployment b"]);
    }

    #[test]
    fn a_list_is_the_objects_it_holds() {
        let objects = parse_yaml("test", TWO).unwrap();
        let again = parse_answer("test", &to_list(&objects)).unwrap();
        assert!(again == objects);
    }

    #[test]
    fn no_answer_is_no_object() {
        assert!(parse_answer("test", "\n").unwrap().is_empty());
    }

    #[test]
    fn the_digest_ignores_the_order_of_keys_and_nothing_else() {
        let one = parse_yaml("test", "kind: A\nspec: {x: 1, y: 2}").unwrap();
        let same = parse_yaml("test", "spec: {y: 2, x: 1}\nkind: A").unwrap();
        let other = parse_yaml("test", "kind: A\nspec: {x: 1, y: 3}").unwrap();
        assert_eq!(digest(&one), digest(&same));
        assert_ne!(digest(&one), digest(&other));
    }

    #[test]
    fn an_object_is_found_again_in_any_state_but_not_in_another_group() {
        let rendered = Object(
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "b", "namespace": "data"}}),
        );
        let mut live = rendered.clone();
        live.0["status"] = json!({"replicas": 1});
        let mut other_group = live.clone();
        other_group.0["apiVersion"] = "example.org/v1".into();
        assert!(rendered.is(&live));
        assert!(!rendered.is(&other_group));
    }
}
