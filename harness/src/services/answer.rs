//! One HTTP answer, whatever its status.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// Characters of a body that a sentence shows.
const EXCERPT: usize = 300;

/// What came back.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub text: String,
}

impl Answer {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body as JSON; null when it is none, so that a look at a field finds nothing.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// A field of the JSON body that must be text.
    pub fn field(&self, name: &str) -> Result<String, anyhow::Error> {
        let json = self.json();
        let text = json[name].as_str().ok_or_else(|| {
            anyhow::anyhow!("expected an answer with text in {name:?}, but saw {self}")
        })?;
        Ok(text.to_owned())
    }

    pub(crate) async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        let status = response.status().as_u16();
        let text_of = |value: &reqwest::header::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text_of(value)))
            .collect();
        Ok(Self { status, headers, text: response.text().await? })
    }
}

impl From<conformance_probe::Attempt> for Answer {
    /// A probe's attempt that got no answer has status 0 and the error as its body.
    fn from(attempt: conformance_probe::Attempt) -> Self {
        let text = attempt.error.map_or(attempt.body, |refusal| refusal.message);
        Self { status: attempt.status.unwrap_or_default(), headers: attempt.headers, text }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "status {}: {}",
            self.status,
            self.text.chars().take(EXCERPT).collect::<String>()
        )
    }
}
