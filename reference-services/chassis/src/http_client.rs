//! Calls to other services: a deadline, trace and baggage along, repeated only where repeating is safe.

use std::time::Duration;

use anyhow::Context as _;
use backon::{ExponentialBuilder, Retryable as _};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use tracing::Instrument as _;
use url::Url;

use crate::{auth::Token, telemetry::propagation};

/// Longest a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Deadline of one attempt, answer read to its end.
const CALL_TIMEOUT: Duration = Duration::from_secs(3);
/// Repetitions of a call that is safe to repeat.
const MAX_RETRIES: usize = 2;
const MIN_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_millis(500);

/// Why a call gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answered, or not in time: whether the call had an effect is unknown.
    #[error("{service} did not answer")]
    NoAnswer {
        /// Who was asked.
        service: &'static str,
        /// Why.
        source: reqwest::Error,
    },
    /// The answer was a refusal.
    #[error("{service} answered {status}")]
    Status {
        /// Who was asked.
        service: &'static str,
        /// What it said.
        status: StatusCode,
    },
    /// The answer was not what was agreed.
    #[error("the answer of {service} is not what was agreed")]
    Body {
        /// Who was asked.
        service: &'static str,
        /// What is wrong with it.
        source: reqwest::Error,
    },
    /// The path does not make an address.
    #[error("`{path}` is not a path of {service}")]
    Path {
        /// Who was to be asked.
        service: &'static str,
        /// The path.
        path: String,
        /// Why.
        source: url::ParseError,
    },
}

impl ClientError {
    /// The status of a refusal.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::NoAnswer { .. } | Self::Body { .. } | Self::Path { .. } => None,
        }
    }

    /// Whether asking again may help.
    fn is_transient(&self) -> bool {
        match self {
            Self::NoAnswer { .. } => true,
            Self::Status { status, .. } => {
                matches!(
                    *status,
                    StatusCode::BAD_GATEWAY
                        | StatusCode::SERVICE_UNAVAILABLE
                        | StatusCode::GATEWAY_TIMEOUT
                )
            }
            Self::Body { .. } | Self::Path { .. } => false,
        }
    }
}

/// A client of one service.
#[derive(Clone)]
pub struct ServiceClient {
    service: &'static str,
    base: Url,
    http: reqwest::Client,
}

impl ServiceClient {
    /// A client of the service at `base`. The mesh encrypts, so addresses are plain HTTP and no root certificates are loaded.
    pub fn new(service: &'static str, base: Url) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .build()
            .with_context(|| format!("cannot make the client of {service}"))?;
        Ok(Self { service, base, http })
    }

    /// Reads, on behalf of the token's user. Repeated when nobody answers.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&Token>,
    ) -> Result<T, ClientError> {
        let call =
            || async { self.body(self.send(self.request(Method::GET, path, token)?).await?).await };
        call.retry(backoff()).when(ClientError::is_transient).await
    }

    /// Removes, on behalf of the token's user. Repeated when nobody answers: removing twice is removing.
    pub async fn delete(&self, path: &str, token: Option<&Token>) -> Result<(), ClientError> {
        let call = || async { self.send(self.request(Method::DELETE, path, token)?).await };
        call.retry(backoff()).when(ClientError::is_transient).await.map(drop)
    }

    /// Posts once, on behalf of the token's user.
    pub async fn post<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&Token>,
        body: &B,
    ) -> Result<T, ClientError> {
        let request = self.request(Method::POST, path, token)?.json(body);
        self.body(self.send(request).await?).await
    }

    /// Posts what the callee recognises when it comes again (by its own key), so it is repeated when nobody answers.
    pub async fn post_idempotent<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&Token>,
        body: &B,
    ) -> Result<T, ClientError> {
        let call = || self.post(path, token, body);
        call.retry(backoff()).when(ClientError::is_transient).await
    }

    /// The beginning of any other request, for providers with their own ways. End it with [`ServiceClient::send`].
    pub fn request(
        &self,
        method: Method,
        path: &str,
        token: Option<&Token>,
    ) -> Result<RequestBuilder, ClientError> {
        let url = self.base.join(path).map_err(|source| ClientError::Path {
            service: self.service,
            path: path.to_owned(),
            source,
        })?;
        let request = self.http.request(method, url);
        Ok(match token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        })
    }

    /// Sends a request in a client span, with trace and baggage. An answer that is not a success is an error.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = self.send_any(request).await?;
        let status = response.status();
        if status.is_success() {
            Ok(response)
        } else {
            Err(ClientError::Status { service: self.service, status })
        }
    }

    /// Like [`ServiceClient::send`], for callers that read refusals themselves: any answer is a success.
    pub async fn send_any(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let span = tracing::info_span!(
            "call",
            otel.name = format!("call {}", self.service),
            otel.kind = "client",
            peer.service = self.service,
            http.response.status_code = tracing::field::Empty,
        );
        let exchange = async {
            let answer = request.headers(propagation::outgoing_http()).send().await;
            if let Ok(response) = &answer {
                tracing::Span::current()
                    .record("http.response.status_code", response.status().as_u16());
            }
            answer.map_err(|source| ClientError::NoAnswer {
                service: self.service,
                source: source.without_url(),
            })
        };
        exchange.instrument(span).await
    }

    async fn body<T: DeserializeOwned>(&self, response: Response) -> Result<T, ClientError> {
        response.json().await.map_err(|source| ClientError::Body {
            service: self.service,
            source: source.without_url(),
        })
    }
}

fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(MIN_BACKOFF)
        .with_max_delay(MAX_BACKOFF)
        .with_max_times(MAX_RETRIES)
        .with_jitter()
}
