//! What a consumer expects of a provider.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, ensure};
use axum::http::HeaderName;
use chrono::Utc;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{committed::in_package, shape::assert_like};
use crate::{
    kafka::Record,
    test_support::{Answer, Client},
};

/// Where expectations are, seen from a service's package.
const DIRECTORY: &str = "../contracts/expectations";

/// Values that stand for `${name}` in paths, headers and bodies.
#[derive(Debug, Clone, Default)]
pub struct Variables(BTreeMap<&'static str, String>);

impl Variables {
    /// Named values.
    #[must_use]
    pub fn new<const N: usize>(values: [(&'static str, String); N]) -> Self {
        Self(BTreeMap::from(values))
    }

    /// Puts the values in. A name nobody knows is an error.
    pub fn fill(&self, text: &str) -> anyhow::Result<String> {
        let filled = self.0.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("${{{name}}}"), value)
        });
        ensure!(!filled.contains("${"), "no value for `{filled}`");
        Ok(filled)
    }

    /// Puts the values into every text of a document.
    pub fn fill_json(&self, value: &Value) -> anyhow::Result<Value> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(items) => {
                items.iter().map(|item| self.fill_json(item)).collect::<anyhow::Result<_>>()?
            }
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(name, field)| Ok((name.clone(), self.fill_json(field)?)))
                    .collect::<anyhow::Result<_>>()?,
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }
}

/// One committed expectation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Expectation {
    /// Of an answer.
    Http(HttpExpectation),
    /// Of an event.
    Event(EventExpectation),
}

/// A request and the answer the consumer can work with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpExpectation {
    /// What must be so before, in words; the provider's test brings it about.
    #[serde(default)]
    pub given: String,
    /// What is asked.
    pub request: ExpectedRequest,
    /// What is answered.
    pub response: ExpectedResponse,
}

/// A request of a consumer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedRequest {
    /// Method, for example `GET`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers that matter.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON body; null for none.
    #[serde(default)]
    pub body: Value,
}

/// An answer of a provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedResponse {
    /// The status, exactly.
    pub status: u16,
    /// An example of the body: what the consumer reads. Null when it reads nothing.
    #[serde(default)]
    pub body: Value,
}

/// An event with the fields the consumer reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventExpectation {
    /// As in `ce_type`.
    pub event_type: String,
    /// The topic it comes on.
    pub topic: String,
    /// An example of the payload.
    pub payload: Value,
}

/// An expectation and whose it is.
#[derive(Debug, Clone)]
pub struct Addressed {
    /// The consumer.
    pub consumer: String,
    /// Its file's name without `.json`.
    pub name: String,
    /// What it expects.
    pub expectation: Expectation,
}

/// Every expectation that consumers have of a provider, in order of their names.
pub fn addressed_to(provider: &str) -> anyhow::Result<Vec<Addressed>> {
    let mut found = Vec::new();
    for pair in std::fs::read_dir(in_package(DIRECTORY)?).context("there are no expectations")? {
        let pair = pair?;
        let directory = pair.file_name().into_string().unwrap_or_default();
        let Some((consumer, asked)) = directory.split_once("--") else { continue };
        if asked == provider {
            for file in std::fs::read_dir(pair.path())? {
                found.push(addressed(consumer, &file?.path())?);
            }
        }
    }
    found.sort_by(|one, other| (&one.consumer, &one.name).cmp(&(&other.consumer, &other.name)));
    Ok(found)
}

/// One expectation, for the consumer's own tests.
pub fn expectation(consumer: &str, provider: &str, name: &str) -> anyhow::Result<Expectation> {
    let path = in_package(&format!("{DIRECTORY}/{consumer}--{provider}/{name}.json"))?;
    Ok(addressed(consumer, &path)?.expectation)
}

fn addressed(consumer: &str, path: &Path) -> anyhow::Result<Addressed> {
    let text = std::fs::read_to_string(path).with_context(|| format!("no {}", path.display()))?;
    let expectation = serde_json::from_str(&text)
        .with_context(|| format!("{} is not an expectation", path.display()))?;
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    Ok(Addressed { consumer: consumer.to_owned(), name, expectation })
}

impl Expectation {
    /// The expectation, if it is of an answer.
    pub fn http(self) -> anyhow::Result<HttpExpectation> {
        match self {
            Self::Http(expectation) => Ok(expectation),
            Self::Event(_) => anyhow::bail!("the expectation is of an event"),
        }
    }

    /// The expectation, if it is of an event.
    pub fn event(self) -> anyhow::Result<EventExpectation> {
        match self {
            Self::Event(expectation) => Ok(expectation),
            Self::Http(_) => anyhow::bail!("the expectation is of an answer"),
        }
    }
}

impl HttpExpectation {
    /// Asks a provider in which `given` holds, and fails unless it answers as expected.
    pub async fn verify(&self, provider: &Client, variables: &Variables) -> anyhow::Result<Answer> {
        let request = &self.request;
        let method = Method::from_bytes(request.method.as_bytes())?;
        let mut call = provider.request(method, &variables.fill(&request.path)?)?;
        for (name, value) in &request.headers {
            call = call.header(HeaderName::try_from(name)?, variables.fill(value)?);
        }
        if !request.body.is_null() {
            call = call.json(&variables.fill_json(&request.body)?);
        }
        let answer = provider.send(call).await?.expect(self.response.status)?;
        assert_like(&self.response.body, &answer.json(), variables)?;
        Ok(answer)
    }
}

impl EventExpectation {
    /// Fails unless what a provider published is as expected.
    pub fn verify(&self, published: &Record, variables: &Variables) -> anyhow::Result<()> {
        let found = published.headers.get("ce_type").map_or("", String::as_str);
        ensure!(found == self.event_type, "a {found} is not a {}", self.event_type);
        ensure!(published.topic == self.topic, "it is on {}, not {}", published.topic, self.topic);
        assert_like(&self.payload, &serde_json::from_slice(&published.payload)?, variables)
    }

    /// The example as a record with an id of its own, for the consumer's handler.
    pub fn record(&self, key: &str, variables: &Variables) -> anyhow::Result<Record> {
        let headers = [
            ("ce_id", Uuid::now_v7().to_string()),
            ("ce_type", self.event_type.clone()),
            ("ce_source", "expectation".to_owned()),
            ("ce_time", Utc::now().to_rfc3339()),
            ("ce_specversion", "1.0".to_owned()),
            ("content-type", "application/json".to_owned()),
        ];
        Ok(Record {
            topic: self.topic.clone(),
            key: key.to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
            payload: serde_json::to_vec(&variables.fill_json(&self.payload)?)?,
        })
    }
}
