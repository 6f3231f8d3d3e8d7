//! Calls to other services: a deadline that is passed on, trace and baggage along, a breaker in front, repeated only where repeating
//! is safe and while there is a budget for it.

mod body;
mod call;
mod error;

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Method, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};
use tracing::Instrument as _;
use url::Url;

use crate::{
    auth::Token,
    breaker::{Breaker, BreakerSettings},
    deadline,
    retry::{Budget, EXTERNAL},
    telemetry::propagation,
};

pub use body::{BodyError, json};
use call::Call;
pub use error::ClientError;

/// Longest a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest one attempt may take, answer read to its end; the work at hand may have less time.
const CALL_TIMEOUT: Duration = Duration::from_secs(3);

/// When the breaker in front of another service of ours opens, unless a client says otherwise.
pub const SERVICE_BREAKER: BreakerSettings =
    BreakerSettings { failures: 5, open_for: Duration::from_secs(30), half_open_calls: 3 };
/// When the breaker in front of a payment provider opens.
pub const PAYMENT_BREAKER: BreakerSettings =
    BreakerSettings { failures: 3, open_for: Duration::from_mins(1), half_open_calls: 1 };

/// A client of one service.
#[derive(Clone)]
pub struct ServiceClient {
    service: &'static str,
    base: Url,
    http: reqwest::Client,
    breaker: Option<Breaker>,
    budget: Budget,
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
        Ok(Self { service, base, http, breaker: None, budget: Budget::default() })
    }

    /// The same client with a breaker in front of it.
    #[must_use]
    pub fn with_breaker(self, breaker: Breaker) -> Self {
        Self { breaker: Some(breaker), ..self }
    }

    /// Reads, on behalf of the token's user. Repeated when nobody answers.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&Token>,
    ) -> Result<T, ClientError> {
        let call =
            || async { self.body(self.send(self.request(Method::GET, path, token)?).await?).await };
        self.repeat(call).await
    }

    /// Removes, on behalf of the token's user. Repeated when nobody answers: removing twice is removing.
    pub async fn delete(&self, path: &str, token: Option<&Token>) -> Result<(), ClientError> {
        let call = || async { self.send(self.request(Method::DELETE, path, token)?).await };
        self.repeat(call).await.map(drop)
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
        self.repeat(call).await
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
            return Ok(response);
        }
        let problem = if status.is_client_error() { body::problem(response).await } else { None };
        Err(ClientError::Status { service: self.service, status, problem })
    }

    /// Like [`ServiceClient::send`], for callers that read refusals themselves: any answer is a success. Its body is to be read
    /// by [`json`], which tells the breaker whether it came; of an answer that is dropped unread the head is enough.
    pub async fn send_any(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let time = deadline::for_call(CALL_TIMEOUT)
            .ok_or(ClientError::NoTime { service: self.service })?;
        let permit = self.breaker.as_ref().map(Breaker::try_acquire).transpose()?;
        let request = request.timeout(time).header(deadline::HEADER, time.as_millis().to_string());
        let mut answer = self.exchange(request).await;
        if let Some(permit) = permit {
            Call::new(permit, time == CALL_TIMEOUT).answered(&mut answer);
        }
        answer
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<Response, ClientError> {
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

    /// Repeats a call that is safe to repeat: while that may help, while the budget lasts, and while somebody waits for it. That
    /// nobody was asked the last time is no answer to whoever was asked before: the callee may have done it.
    async fn repeat<T, Fut>(&self, mut call: impl FnMut() -> Fut) -> Result<T, ClientError>
    where
        Fut: Future<Output = Result<T, ClientError>>,
    {
        self.budget.deposit();
        let mut pauses = EXTERNAL.pauses();
        let mut asked = None;
        loop {
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) if error.is_unsent() => return Err(asked.unwrap_or(error)),
                Err(error) => error,
            };
            let pause = pauses.next().filter(|_| error.is_transient() && self.budget.withdraw());
            let Some(pause) = pause else { return Err(error) };
            asked = Some(error);
            tokio::time::sleep(pause).await;
        }
    }

    async fn body<T: DeserializeOwned>(&self, response: Response) -> Result<T, ClientError> {
        json(response).await.map_err(|source| ClientError::Body { service: self.service, source })
    }
}
