//! A provider that answers as its consumers expect, and refuses everything else.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use url::Url;

use super::{HttpExpectation, Variables, shape::assert_like};

/// Largest request it reads, in bytes.
const LIMIT: usize = 1024 * 1024;

/// A running stub.
pub struct Stub {
    /// Where it listens.
    pub url: Url,
    script: Arc<Script>,
}

struct Script {
    expectations: Vec<HttpExpectation>,
    variables: Variables,
    refused: Mutex<Vec<String>>,
}

impl Stub {
    /// Starts answering. Of expectations that differ only in `given`, give it one.
    pub async fn start(
        expectations: Vec<HttpExpectation>,
        variables: Variables,
    ) -> anyhow::Result<Self> {
        let script = Arc::new(Script { expectations, variables, refused: Mutex::default() });
        let routes = Router::new().fallback(play).with_state(Arc::clone(&script));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { url, script })
    }

    /// Fails if it was asked anything that no expectation covers.
    pub fn verify(&self) -> anyhow::Result<()> {
        let refused = self.script.refused.lock().unwrap_or_else(PoisonError::into_inner);
        ensure!(refused.is_empty(), "no expectation covers: {}", refused.join("; "));
        Ok(())
    }
}

async fn play(State(script): State<Arc<Script>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let outcome = async {
        let body = axum::body::to_bytes(body, LIMIT).await?;
        let mut differences = Vec::new();
        for expectation in &script.expectations {
            match script.covers(expectation, &parts, &body) {
                Ok(()) => return script.answer(expectation),
                Err(difference) => differences.push(format!("{difference:#}")),
            }
        }
        anyhow::bail!("{} {}: {}", parts.method, parts.uri, differences.join(", "))
    };
    outcome.await.unwrap_or_else(|error| {
        let mut refused = script.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.push(error.to_string());
        (StatusCode::NOT_IMPLEMENTED, error.to_string()).into_response()
    })
}

impl Script {
    fn covers(
        &self,
        expectation: &HttpExpectation,
        parts: &axum::http::request::Parts,
        body: &Bytes,
    ) -> anyhow::Result<()> {
        let expected = &expectation.request;
        let path = self.variables.fill(&expected.path)?;
        let asked = parts.uri.path_and_query().map_or("", |path| path.as_str());
        ensure!(parts.method.as_str() == expected.method && asked == path, "not {path}");
        for (name, value) in &expected.headers {
            let value = self.variables.fill(value)?;
            let found = parts.headers.get(name).with_context(|| format!("no header {name}"))?;
            ensure!(found.as_bytes() == value.as_bytes(), "another {name}");
        }
        if expected.body.is_null() {
            return Ok(());
        }
        assert_like(&expected.body, &serde_json::from_slice(body)?, &self.variables)
    }

    fn answer(&self, expectation: &HttpExpectation) -> anyhow::Result<Response> {
        let status = StatusCode::from_u16(expectation.response.status)?;
        if expectation.response.body.is_null() {
            return Ok(status.into_response());
        }
        let body = self.variables.fill_json(&expectation.response.body)?;
        Ok((status, Json(body)).into_response())
    }
}
