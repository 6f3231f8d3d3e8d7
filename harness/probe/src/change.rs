//! A change to the platform as the requests that make it and take it back. The pod that holds them sends them, so that
//! a change ends even if the harness does not live to end it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Requests that make a change, and those that take it back. Taking it back twice is harmless.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Make it.
    pub make: Vec<ApiRequest>,
    /// Take it back.
    pub revert: Vec<ApiRequest>,
}

/// Whose interface a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// The Kubernetes API, as the pod's own account.
    Kubernetes,
    /// OpenBao, logged in as the pod's own account.
    OpenBao,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiRequest {
    /// Whose interface.
    pub to: To,
    /// HTTP method.
    pub method: String,
    /// Path with query, from the slash on.
    pub path: String,
    /// Content type of the body; empty without a body.
    #[serde(default)]
    pub content_type: String,
    /// The body.
    #[serde(default)]
    pub body: Option<String>,
}

impl fmt::Display for ApiRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whom = match self.to {
            To::Kubernetes => "the Kubernetes API",
            To::OpenBao => "OpenBao",
        };
        write!(formatter, "{} {} of {whom}", self.method, self.path)
    }
}
