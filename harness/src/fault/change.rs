//! What a sabotage changes, and the right to take it back.

use conformance_probe::change::{ApiRequest, Change, To};
use serde_json::{Value, json};

/// The right to change one object, and nothing more.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The namespace of the object.
    pub namespace: String,
    /// The group of its kind; empty for the core group.
    pub group: &'static str,
    /// The plural of its kind.
    pub resource: &'static str,
    /// Its name.
    pub name: String,
    /// What is done with it.
    pub verb: &'static str,
}

/// A change and the rights it needs.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The change.
    pub change: Change,
    /// The rights.
    pub grants: Vec<Grant>,
}

impl Grant {
    /// The rules of a Role: the verb on the named object. A name cannot limit `create`.
    pub(super) fn rule(&self) -> Value {
        let mut rule =
            json!({"apiGroups": [self.group], "resources": [self.resource], "verbs": [self.verb]});
        if self.verb != "create" {
            rule["resourceNames"] = json!([self.name]);
        }
        rule
    }
}

/// A merge patch of an object.
pub(super) fn merge_patch(path: &str, body: &Value) -> ApiRequest {
    ApiRequest {
        to: To::Kubernetes,
        method: "PATCH".to_owned(),
        path: path.to_owned(),
        content_type: "application/merge-patch+json".to_owned(),
        body: Some(body.to_string()),
    }
}

/// The creation of an object in the collection at `path`.
pub(super) fn create(path: &str, body: &Value) -> ApiRequest {
    ApiRequest {
        to: To::Kubernetes,
        method: "POST".to_owned(),
        path: path.to_owned(),
        content_type: "application/json".to_owned(),
        body: Some(body.to_string()),
    }
}

/// The deletion of an object.
pub(super) fn delete(path: &str) -> ApiRequest {
    ApiRequest {
        to: To::Kubernetes,
        method: "DELETE".to_owned(),
        path: path.to_owned(),
        content_type: String::new(),
        body: None,
    }
}
