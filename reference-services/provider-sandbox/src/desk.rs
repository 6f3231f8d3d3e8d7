//! The desk every request goes over: fault first, then the effect in the ledger, then the answer.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use chrono::Utc;
use ecotrack_chassis::error::OwnWords;
use ecotrack_chassis::postgres::Database;
use ecotrack_chassis::{ApiError, ApiResult};
use serde_json::Value;

use crate::exchange::{Answer, Call, Operation, Outcome};
use crate::fault::Mode;
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
        let Some(fault) = fault else {
            return Ok(respond(self.decide(&call, operation, reused).await?));
        };
        tracing::info!(provider = %call.provider, operation = %call.operation, mode = fault.mode.name(), "a fault befalls the call");
        match fault.mode {
            Mode::Decline => Ok(respond(
                self.settle(&call, Outcome::Declined, operation.declined(), reused).await?,
            )),
            Mode::Error => self.fail(&call, Outcome::Failed, operation.failed()).await,
            Mode::Hang => {
                let answer = self.fail(&call, Outcome::Unanswered, operation.failed()).await?;
                tokio::time::sleep(fault.remaining(Utc::now())).await;
                Ok(answer)
            }
            Mode::Delay => {
                let answer = self.decide(&call, operation, reused).await?;
                tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
                Ok(respond(answer))
            }
            Mode::Reset => {
                self.decide(&call, operation, reused).await?;
                Ok(broken())
            }
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

    /// The call had no effect; the ledger says so.
    async fn fail(&self, call: &Call, outcome: Outcome, answer: Answer) -> ApiResult<Response> {
        let mut conn = self.database.acquire().await?;
        store::append(&mut conn, call, outcome, &answer).await?;
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
