//! What the probe answers: one JSON document on standard output per command.
//! The harness reads the same types, so that both sides cannot drift apart.

pub mod change;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The answer to `http`: one attempt per request, in the order sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HttpAnswer {
    /// What came of each request.
    pub attempts: Vec<Attempt>,
}

/// One HTTP request as the probe saw it: a status or an error, never both.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attempt {
    /// HTTP status, when an answer came.
    pub status: Option<u16>,
    /// Response headers, names in lower case.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The beginning of the body as text.
    #[serde(default)]
    pub body: String,
    /// Why no answer came.
    pub error: Option<Refusal>,
    /// Milliseconds from sending to the whole answer or the error.
    pub millis: u64,
}

/// Why a connection or a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which of the few ways it failed.
    pub kind: RefusalKind,
    /// The whole error chain, for people.
    pub message: String,
}

/// The ways a connection fails that a check distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The name does not resolve.
    Name,
    /// Nobody listens: the connection was refused.
    Refused,
    /// The peer reset the connection.
    Reset,
    /// The peer closed the connection before it answered.
    Closed,
    /// TLS could not be agreed.
    Tls,
    /// The deadline passed.
    Timeout,
    /// Anything else.
    Other,
}

/// The answer to `connect`: a bare TCP or TLS connection with a few bytes sent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ConnectAnswer {
    /// TCP was established.
    pub connected: bool,
    /// TLS was agreed; absent when none was asked for.
    pub tls_version: Option<String>,
    /// The fatal alert that the peer sent, as RFC 8446 names it, such as `CertificateRequired`.
    #[serde(default)]
    pub alert: Option<String>,
    /// What the peer sent, as text.
    #[serde(default)]
    pub received: String,
    /// How it ended, when not by an orderly answer.
    pub error: Option<Refusal>,
}

/// The answer to `events`: the records of one correlation id, and how much was looked through.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventsAnswer {
    /// Records read in all; zero means that nothing was observed.
    pub scanned: u64,
    /// Records whose header `x-correlation-id` is the one asked for.
    pub events: Vec<Event>,
}

/// One Kafka record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Topic it lies on.
    pub topic: String,
    /// Partition in the topic.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
    /// Record key as text.
    pub key: Option<String>,
    /// Headers as text.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Value as text.
    #[serde(default)]
    pub value: String,
}

impl Event {
    /// The event's type: `CloudEvents` header `ce_type`.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.headers.get("ce_type").map(String::as_str)
    }
}
