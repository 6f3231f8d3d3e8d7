//! A client that looks at services from outside, over HTTP.

use anyhow::ensure;
use axum::http::{HeaderMap, StatusCode};
use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::eventually;

/// What a service answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON; `null` when it is not.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// A header as text; empty when it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Fails unless the status is as expected.
    pub fn expect(self, status: u16) -> anyhow::Result<Self> {
        ensure!(
            self.status.as_u16() == status,
            "expected {status}, got {}: {}",
            self.status,
            self.text
        );
        Ok(self)
    }

    /// Fails unless it is a problem document of this status with a trace id.
    pub fn expect_problem(self, status: u16) -> anyhow::Result<Self> {
        let answer = self.expect(status)?;
        let kind = answer.header("content-type");
        ensure!(
            kind == "application/problem+json",
            "expected a problem document, got {kind}: {}",
            answer.text
        );
        let trace_id = &answer.json()["trace_id"];
        ensure!(
            trace_id.as_str().is_some_and(|id| id.len() == 32),
            "expected a trace id: {}",
            answer.text
        );
        Ok(answer)
    }
}

/// Asks one service.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

impl Client {
    /// Asks the service at an address.
    pub fn new(base: Url) -> anyhow::Result<Self> {
        Ok(Self { http: reqwest::Client::builder().tls_certs_only([]).build()?, base, token: None })
    }

    /// The same client with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Where the service listens.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(self.request(Method::GET, path)?).await
    }

    /// Posts JSON to a path.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.send(self.request(Method::POST, path)?.json(body)).await
    }

    /// Posts JSON to a path under an idempotency key.
    pub async fn post_with_key(
        &self,
        path: &str,
        body: &Value,
        key: &str,
    ) -> anyhow::Result<Answer> {
        let request = self.request(Method::POST, path)?.header("idempotency-key", key);
        self.send(request.json(body)).await
    }

    /// Puts JSON to a path.
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.send(self.request(Method::PUT, path)?.json(body)).await
    }

    /// The value of a metric's series, named as Prometheus writes it, labels included; `None` when there is none.
    pub async fn metric(&self, series: &str) -> anyhow::Result<Option<String>> {
        let text = self.get("/actuator/prometheus").await?.expect(200)?.text;
        let value =
            |line: &str| Some(line.strip_prefix(series)?.strip_prefix(' ')?.trim().to_owned());
        Ok(text.lines().find_map(value))
    }

    /// Waits until a field of what a path shows is as expected.
    pub async fn await_field(&self, path: &str, field: &str, expected: &str) -> anyhow::Result<()> {
        eventually(|| async {
            let shown = self.get(path).await?.expect(200)?.json();
            ensure!(
                shown[field] == expected,
                "{field} of {path} is {}, not {expected}",
                shown[field]
            );
            Ok(())
        })
        .await
    }

    /// Deletes a path.
    pub async fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(self.request(Method::DELETE, path)?).await
    }

    /// The beginning of any other request.
    pub fn request(&self, method: Method, path: &str) -> anyhow::Result<reqwest::RequestBuilder> {
        let request = self.http.request(method, self.base.join(path)?);
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    /// Sends a request.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Answer> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer { status, headers, text: response.text().await? })
    }
}
