//! What mail and text messages have in common: a provider behind a circuit breaker, and what its answers mean.

use std::time::Duration;

use axum::http::{StatusCode, header::RETRY_AFTER};
use ecotrack_chassis::config::Secrets;
use ecotrack_chassis::http_client::{BodyError, ClientError, ServiceClient};
use reqwest::{Method, RequestBuilder, Response};
use secrecy::SecretString;
use uuid::Uuid;

use crate::domain::message::Message;
use crate::domain::outcome::Outcome;

/// Shortest pause before a provider that is being probed is asked again.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// How long a provider is left alone that does not take our credential: somebody has to mount another one.
const CREDENTIAL_PAUSE: Duration = Duration::from_secs(10);
/// Longest pause that a provider may ask for: what it says is only believed so far.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// The header by which a provider knows a request that it got before.
pub(super) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A message on its way. Personal, hence without `Debug`.
pub(crate) struct Letter<'a> {
    /// The key under which a provider does it once.
    pub(crate) notification_id: Uuid,
    /// Name of the template.
    pub(crate) template: &'a str,
    /// Address or number.
    pub(crate) to: &'a str,
    /// What it says.
    pub(crate) message: &'a Message,
}

/// A provider: how to reach it, and how to log in.
#[derive(Clone)]
pub(crate) struct Provider {
    client: ServiceClient,
    secrets: Secrets,
    secret: &'static str,
}

impl Provider {
    /// A provider that is reached by a client with a breaker of its own, and logged in to with a mounted secret.
    pub(crate) const fn new(client: ServiceClient, secrets: Secrets, secret: &'static str) -> Self {
        Self { client, secrets, secret }
    }

    /// Asks. `build` adds to the bare request what the provider wants, the credential included: it is read anew each time, so
    /// that a new one is in use at once.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        build: impl FnOnce(RequestBuilder, &SecretString) -> RequestBuilder,
    ) -> Result<Response, Outcome> {
        let secret = self.secrets.read(self.secret).map_err(|error| {
            let error = format!("{:#}", anyhow::Error::from(error));
            tracing::error!(error, "no credential for the provider");
            Outcome::Suspended { retry_after: CREDENTIAL_PAUSE }
        })?;
        let request = self.client.request(method, path, None).map_err(no_answer)?;
        self.client.send_any(build(request, &secret)).await.map_err(no_answer)
    }
}

/// A provider that is left alone for a while is no failed attempt.
fn no_answer(error: ClientError) -> Outcome {
    match error.retry_after() {
        Some(pause) => Outcome::Suspended { retry_after: pause.max(SHORTEST_PAUSE) },
        None => unavailable("no_answer", &error.into()),
    }
}

fn unavailable(reason: &'static str, error: &anyhow::Error) -> Outcome {
    let error = format!("{error:#}");
    tracing::warn!(reason, error, "a provider was not asked or did not answer");
    Outcome::Unavailable { reason }
}

/// What the message itself is to blame for is final; all else may pass. That our credential is not taken says nothing of the
/// message, however often it is sent.
pub(super) fn refusal(response: &Response) -> Outcome {
    let status = response.status();
    match (status, retry_after(response)) {
        (StatusCode::TOO_MANY_REQUESTS, Some(pause)) => Outcome::Suspended { retry_after: pause },
        _ => judged(status),
    }
}

/// When a provider wants to be asked again, if it says so in seconds.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
}

fn judged(status: StatusCode) -> Outcome {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            tracing::error!(status = status.as_u16(), "the provider does not take our credential");
            Outcome::Suspended { retry_after: CREDENTIAL_PAUSE }
        }
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::PAYLOAD_TOO_LARGE => {
            Outcome::Refused { reason: "refused" }
        }
        _ => Outcome::Unavailable { reason: "provider_error" },
    }
}

/// Asked about a message it took, a provider that does not know it yet may be a little behind itself.
pub(super) fn no_confirmation(response: &Response) -> Outcome {
    match response.status() {
        StatusCode::NOT_FOUND => Outcome::Unavailable { reason: "not_delivered_yet" },
        _ => refusal(response),
    }
}

/// What a provider's word for the state of a message means.
pub(super) fn confirmation(status: &str, reference: &str) -> Outcome {
    match status {
        "delivered" => Outcome::Accepted { reference: reference.to_owned() },
        "not_delivered" | "undelivered" | "failed" | "bounced" => Outcome::Bounced,
        _ => Outcome::Unavailable { reason: "not_delivered_yet" },
    }
}

/// An answer of another shape than agreed.
pub(super) fn unreadable(error: BodyError) -> Outcome {
    unavailable("unreadable_answer", &error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn too_many(retry_after: Option<&str>) -> Outcome {
        let answer = axum::http::Response::builder().status(StatusCode::TOO_MANY_REQUESTS);
        let answer =
            retry_after.into_iter().fold(answer, |answer, value| answer.header(RETRY_AFTER, value));
        refusal(&Response::from(answer.body("").unwrap()))
    }

    #[test]
    fn a_provider_that_says_when_to_come_back_is_left_alone_for_so_long() {
        for (said, seconds) in [("7", 7), ("0", 1), ("86400", 900)] {
            let retry_after = Duration::from_secs(seconds);
            assert_eq!(too_many(Some(said)), Outcome::Suspended { retry_after }, "{said}");
        }
        for unsaid in [None, Some(""), Some("soon"), Some("-1")] {
            let outcome = Outcome::Unavailable { reason: "provider_error" };
            assert_eq!(too_many(unsaid), outcome, "{unsaid:?}");
        }
    }
}
