//! The desk every request goes over: fault first, then the effect in the ledger, then the answer.

mod settle;

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use chrono::Utc;
use ecotrack_chassis::ApiResult;
use ecotrack_chassis::error::OwnWords;
use ecotrack_chassis::postgres::Database;
use serde_json::Value;

use crate::courier::Receivers;
use crate::exchange::{Answer, Call, Operation, Outcome};
use crate::fault::{ArmedFault, Concern, Mode};
use crate::provider::Provider;
use crate::store;

/// What the desk works with.
#[derive(Clone)]
pub(crate) struct Desk {
    database: Database,
    receivers: Receivers,
}

impl Desk {
    /// A desk with its ledger, and those who are told afterwards.
    #[must_use]
    pub(crate) const fn new(database: Database, receivers: Receivers) -> Self {
        Self { database, receivers }
    }

    /// The ledger and the faults.
    #[must_use]
    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    /// Serves one request. `reused` is the answer to an idempotency key that comes back with another request.
    pub(crate) async fn serve(
        &self,
        call: Call,
        operation: &impl Operation,
        reused: fn() -> Answer,
    ) -> ApiResult<Response> {
        let Some(fault) = self.meet(call.provider, &call.text()).await? else {
            return Ok(respond(self.decide(&call, operation, reused).await?));
        };
        match fault.mode {
            Mode::Decline => {
                let declined = (Outcome::Declined, operation.declined());
                Ok(respond(self.settle(&call, operation, declined, reused).await?))
            }
            Mode::Error => self.fail(&call, Outcome::Failed, operation.failed()).await,
            Mode::Hang => {
                let answer = self.fail(&call, Outcome::Unanswered, operation.failed()).await?;
                tokio::time::sleep(fault.remaining(Utc::now())).await;
                Ok(answer)
            }
            Mode::Delay => {
                let answer = self.decide(&call, operation, reused).await?;
                tokio::time::sleep(fault.delay()).await;
                Ok(respond(answer))
            }
            Mode::Reset => {
                self.decide(&call, operation, reused).await?;
                Ok(broken())
            }
            Mode::AnswerLost => {
                self.decide(&call, operation, reused).await?;
                tokio::time::sleep(fault.remaining(Utc::now())).await;
                Ok(broken())
            }
            Mode::WebhookDuplicate | Mode::WebhookOutOfOrder | Mode::WebhookDelay => {
                Ok(respond(self.decide(&call, operation, reused).await?))
            }
        }
    }

    /// Answers a question that changes nothing. Faults befall it as they do all calls; the ledger does not tell of it.
    pub(crate) async fn look<F: Future<Output = ApiResult<Answer>>>(
        &self,
        provider: Provider,
        text: &str,
        failed: fn() -> Answer,
        find: F,
    ) -> ApiResult<Response> {
        let Some(fault) = self.meet(provider, text).await? else {
            return Ok(respond(find.await?));
        };
        let pause = match fault.mode {
            Mode::Error => return Ok(respond(failed())),
            Mode::Reset => return Ok(broken()),
            Mode::Hang | Mode::AnswerLost => fault.remaining(Utc::now()),
            Mode::Delay => fault.delay(),
            Mode::Decline
            | Mode::WebhookDuplicate
            | Mode::WebhookOutOfOrder
            | Mode::WebhookDelay => Duration::ZERO,
        };
        tokio::time::sleep(pause).await;
        Ok(respond(find.await?))
    }

    async fn meet(&self, provider: Provider, text: &str) -> ApiResult<Option<ArmedFault>> {
        let mut conn = self.database.acquire().await?;
        let fault = store::meet(&mut conn, provider, Concern::Call, text).await?;
        if let Some(fault) = &fault {
            tracing::info!(%provider, mode = fault.mode.name(), "a fault befalls the call");
        }
        Ok(fault)
    }

    async fn decide(
        &self,
        call: &Call,
        operation: &impl Operation,
        reused: fn() -> Answer,
    ) -> ApiResult<Answer> {
        let verdict = if operation.wants_decline() {
            (Outcome::Declined, operation.declined())
        } else {
            (Outcome::Accepted, operation.accepted())
        };
        self.settle(call, operation, verdict, reused).await
    }

    /// The call had no effect; the ledger says so.
    async fn fail(&self, call: &Call, outcome: Outcome, answer: Answer) -> ApiResult<Response> {
        let mut conn = self.database.acquire().await?;
        store::append(&mut conn, call, outcome, &answer, None).await?;
        Ok(respond(answer))
    }
}

/// An answer that breaks off before its first byte: the customer cannot know what happened.
fn broken() -> Response {
    let nothing = futures::stream::once(async {
        Err::<Vec<u8>, _>(std::io::Error::other("connection reset by an armed fault"))
    });
    Body::from_stream(nothing).into_response()
}

/// Words an answer as HTTP.
#[must_use]
pub(crate) fn respond(answer: Answer) -> Response {
    let mut response = match answer.body {
        Value::Null => answer.status.into_response(),
        Value::String(text) => (answer.status, text).into_response(),
        body @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            (answer.status, axum::Json(body)).into_response()
        }
    };
    response.extensions_mut().insert(OwnWords);
    let header = answer.reference_header.zip(answer.reference.and_then(|id| id.parse().ok()));
    if let Some((name, value)) = header {
        response.headers_mut().insert(name, value);
    }
    response
}
