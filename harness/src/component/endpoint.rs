//! HTTP to one component: every error names the component, the question and what came back.

use std::sync::Arc;

use anyhow::{Context, Result as Connected};
use reqwest::{Certificate, Client, Method, RequestBuilder, StatusCode, Url};
use serde::de::DeserializeOwned;

use crate::cluster::{Cluster, PortForward, Target};
use crate::suite::Suite;

/// Characters of an unusable answer that an error shows.
const EXCERPT: usize = 400;

/// Why a component gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No answer came at all.
    #[error("{component} did not answer {question}: {source}")]
    Unreachable {
        /// Whom we asked.
        component: &'static str,
        /// Method and path.
        question: String,
        /// What the client saw.
        #[source]
        source: reqwest::Error,
    },
    /// An answer came and it was no.
    #[error("{component} answered {question} with {status}: {body}")]
    Refused {
        /// Whom we asked.
        component: &'static str,
        /// Method and path.
        question: String,
        /// HTTP status.
        status: StatusCode,
        /// Beginning of the body.
        body: String,
    },
    /// An answer came that does not have the promised shape.
    #[error("{component} answered {question} with something else than expected ({detail}): {body}")]
    Unreadable {
        /// Whom we asked.
        component: &'static str,
        /// Method and path.
        question: String,
        /// What did not fit.
        detail: String,
        /// Beginning of the body.
        body: String,
    },
}

impl AskError {
    /// The HTTP status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Unreachable { .. } | Self::Unreadable { .. } => None,
        }
    }
}

/// Where a component's HTTP API is, and the client (with its deadline) to ask it with.
#[derive(Clone)]
pub struct Endpoint {
    component: &'static str,
    http: Client,
    base: Url,
    _forward: Arc<PortForward>,
}

impl Endpoint {
    /// A plain HTTP API behind a port-forward of its own.
    pub async fn forwarded(
        suite: &Suite,
        component: &'static str,
        target: impl Into<Target>,
    ) -> Connected<Self> {
        let forward = Arc::new(PortForward::open(suite.cluster(), target.into()).await?);
        let http = Client::builder().timeout(suite.timeouts().request).no_proxy().build()?;
        let base = Url::parse(&forward.url("http")).context("a forwarded address is no URL")?;
        Ok(Self { component, http, base, _forward: forward })
    }

    /// An HTTPS API behind a port-forward; its certificate is for `host`, signed by the platform's CA.
    pub async fn forwarded_tls(
        cluster: &Cluster,
        component: &'static str,
        target: impl Into<Target>,
        host: &str,
    ) -> Connected<Self> {
        let forward = Arc::new(PortForward::open(cluster, target.into()).await?);
        let ca = super::platform_ca(cluster).await?;
        let http = Client::builder()
            .timeout(cluster.timeouts().request)
            .tls_certs_only([Certificate::from_pem(ca.as_bytes())?])
            .resolve(host, forward.address())
            .no_proxy()
            .build()?;
        let base = Url::parse(&format!("https://{host}:{}", forward.address().port()))
            .context("a host name is no URL")?;
        Ok(Self { component, http, base, _forward: forward })
    }

    /// A request to `path` (which starts with a slash) below the base.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(path);
        self.http.request(method, url)
    }

    /// GET with a query, answered in JSON.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, AskError> {
        self.json(&format!("GET {path}"), self.request(Method::GET, path).query(query)).await
    }

    /// Sends a request and reads JSON.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        question: &str,
        request: RequestBuilder,
    ) -> Result<T, AskError> {
        let body = self.text(question, request).await?;
        serde_json::from_str(&body)
            .map_err(|error| self.unreadable(question, &error.to_string(), &body))
    }

    /// Sends a request and reads the body; any status but 2xx is a refusal.
    pub(crate) async fn text(
        &self,
        question: &str,
        request: RequestBuilder,
    ) -> Result<String, AskError> {
        let bytes = self.bytes(question, request).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Like `text`, for bodies that are not text.
    pub(crate) async fn bytes(
        &self,
        question: &str,
        request: RequestBuilder,
    ) -> Result<bytes::Bytes, AskError> {
        // Without its address: a query may hold what must not stand in a report.
        let unreachable = |source: reqwest::Error| AskError::Unreachable {
            component: self.component,
            question: question.to_owned(),
            source: source.without_url(),
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(unreachable)?;
        if status.is_success() {
            return Ok(body);
        }
        let body = excerpt(&String::from_utf8_lossy(&body));
        Err(AskError::Refused {
            component: self.component,
            question: question.to_owned(),
            status,
            body,
        })
    }

    pub(crate) fn unreadable(&self, question: &str, detail: &str, body: &str) -> AskError {
        AskError::Unreadable {
            component: self.component,
            question: question.to_owned(),
            detail: detail.to_owned(),
            body: excerpt(body),
        }
    }
}

fn excerpt(body: &str) -> String {
    body.chars().take(EXCERPT).collect()
}
