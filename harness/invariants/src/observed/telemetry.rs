//! Traces, log lines, and the replica's lag.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the services told of themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telemetry {
    /// The traces that operations began, by trace id; an id that was looked for and not found is absent.
    pub traces: BTreeMap<String, Trace>,
    /// Log lines, by trace id.
    pub log_lines: BTreeMap<String, u64>,
}

/// A trace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Its spans.
    pub spans: Vec<Span>,
}

/// A span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The service that made it.
    pub service: String,
    /// Its name.
    pub name: String,
}

/// How far the replica was behind the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaLag {
    /// The longest that was seen, in milliseconds.
    pub worst_ms: u64,
    /// How often it was asked.
    pub samples: u64,
}
