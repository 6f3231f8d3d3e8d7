//! The desk every request goes over: fault first, then the effect in the ledger, then the answer.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use chrono::Utc;
use ecotrack_chassis::postgres::Database;
use ecotrack_chassis::{ApiError, ApiResult};
use serde_json::Value;

use crate::exchange::{Answer, Call, Operation, Outcome};
use crate::fault::{ArmedFault, Mode};
use crate::store;

/// What the desk works with.
#[derive(Clone)]
pub(crate) struct Desk {
    database: Database,
}

impl Desk {
    /// A desk with its ledger.
    #[must_use]
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
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
        let mut conn = self.database.acquire().await?;
        let fault = store::meet(&mut conn, call.provider, &call.text()).await?;
        drop(conn);
        if let Some(fault) = &fault {
            tracing::info!(provider = %call.provider, operation = %call.operation, mode = fault.mode.name(), "a fault befalls the call");
        }
        match fault.as_ref().map(|fault| fault.mode) {
            Some(Mode::Hang) => self.hang(&call, operation, &fault).await,
            Some(Mode::Error) => self.fail(&call, operation).await,
            Some(Mode::Decline) => Ok(respond(
                self.settle(&call, Outcome::Declined, operation.declined(), reused).await?,
            )),
            Some(Mode::Delay) => {
                let answer = self.decide(&call, operation, reused).await?;
                let pause = fault.map_or(0, |fault| fault.delay_ms);
                tokio::time::sleep(Duration::from_millis(pause)).await;
                Ok(respond(answer))
            }
            Some(Mode::Reset) => {
                self.decide(&call, operation, reused).await?;
                Ok(broken())
            }
            None => Ok(respond(self.decide(&call, operation, reused).await?)),
        }
    }

    async fn decide(
        &self,
        call: &Call,
        operation: &impl Operation,
        reused: fn() -> Answer,
    ) -> ApiResult<Answer> {
        let (outcome, answer) = if operation.wants_decline() {
            (Outcome::Declined, operation.declined())
        } else {
            (Outcome::Accepted, operation.accepted())
        };
        self.settle(call, outcome, answer, reused).await
    }

    /// The first request under a key has its effect; each later one gets the first one's answer.
    async fn settle(
        &self,
        call: &Call,
        outcome: Outcome,
        answer: Answer,
        reused: fn() -> Answer,
    ) -> ApiResult<Answer> {
        let mut conn = self.database.acquire().await?;
        if store::append(&mut conn, call, outcome, &answer).await? {
            return Ok(answer);
        }
        let (request, first) = store::first_answer(&mut conn, call).await?.ok_or_else(|| {
            ApiError::internal(anyhow::anyhow!(
                "an idempotency key is taken but its first answer is not in the ledger"
            ))
        })?;
        if request != call.request {
            return Ok(reused());
        }
        store::append(&mut conn, call, Outcome::Replayed, &first).await?;
        Ok(first)
    }

    async fn fail(&self, call: &Call, operation: &impl Operation) -> ApiResult<Response> {
        let answer = operation.failed();
        let mut conn = self.database.acquire().await?;
        store::append(&mut conn, call, Outcome::Failed, &answer).await?;
        Ok(respond(answer))
    }

    async fn hang(
        &self,
        call: &Call,
        operation: &impl Operation,
        fault: &Option<ArmedFault>,
    ) -> ApiResult<Response> {
        let answer = operation.failed();
        let mut conn = self.database.acquire().await?;
        store::append(&mut conn, call, Outcome::Unanswered, &answer).await?;
        drop(conn);
        let remaining = fault.as_ref().map_or(Duration::ZERO, |fault| fault.remaining(Utc::now()));
        tokio::time::sleep(remaining).await;
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
        body => (answer.status, axum::Json(body)).into_response(),
    };
    let header = answer.reference_header.zip(answer.reference.and_then(|id| id.parse().ok()));
    if let Some((name, value)) = header {
        response.headers_mut().insert(name, value);
    }
    response
}
