//! The ledger: rows are added and read, nothing else.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::decode;
use crate::exchange::{Answer, Call, Outcome};
use crate::provider::Provider;

/// A line of the ledger.
#[derive(Debug, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub(crate) struct Entry {
    /// Position in the ledger.
    pub(crate) id: i64,
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// Who was asked.
    pub(crate) provider: String,
    /// For what; for Slack, the receiver's name.
    pub(crate) operation: String,
    /// The customer's idempotency key or own id.
    pub(crate) idempotency_key: Option<String>,
    /// The provider's id of what it made.
    pub(crate) reference: Option<String>,
    /// `accepted`, `declined`, `replayed`, `failed` or `unanswered`.
    pub(crate) outcome: String,
    /// `request`, `status`, `response`, and `credential`, the fingerprint of the key that was shown.
    pub(crate) body: Value,
}

/// Which lines are asked for.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Only this provider's.
    pub(crate) provider: Option<Provider>,
    /// Only lines with this text in key, reference or body.
    pub(crate) contains: Option<String>,
    /// Only lines since this moment.
    pub(crate) since: Option<DateTime<Utc>>,
    /// At most so many.
    pub(crate) limit: i64,
}

/// Writes a line. `false` if the call's idempotency key has had its effect before.
pub(crate) async fn append(
    conn: &mut PgConnection,
    call: &Call,
    outcome: Outcome,
    answer: &Answer,
) -> sqlx::Result<bool> {
    let body = json!({
        "request": call.request, "status": answer.status.as_u16(), "response": answer.body, "credential": call.credential,
    });
    let done = sqlx::query(
        "INSERT INTO ledger (provider, operation, idempotency_key, reference, outcome, body)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(call.provider.name())
    .bind(&call.operation)
    .bind(&call.idempotency_key)
    .bind(&answer.reference)
    .bind(outcome.name())
    .bind(body)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[derive(sqlx::FromRow)]
struct First {
    reference: Option<String>,
    request: Value,
    status: i32,
    response: Value,
}

/// The answer that the call's idempotency key got first, with the request it got it for.
pub(crate) async fn first_answer(
    conn: &mut PgConnection,
    call: &Call,
) -> sqlx::Result<Option<(Value, Answer)>> {
    let row: Option<First> = sqlx::query_as(
        "SELECT reference, body -> 'request' AS request, (body ->> 'status')::int AS status, body -> 'response' AS response
         FROM ledger WHERE provider = $1 AND operation = $2 AND idempotency_key = $3 AND outcome IN ('accepted', 'declined')
         ORDER BY id LIMIT 1",
    )
    .bind(call.provider.name())
    .bind(&call.operation)
    .bind(&call.idempotency_key)
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let status = decode(StatusCode::from_u16(u16::try_from(row.status).unwrap_or_default()))?;
        let answer =
            Answer { status, body: row.response, reference_header: None, reference: row.reference };
        Ok((row.request, answer))
    })
    .transpose()
}

/// Whether the provider made something under this reference.
pub(crate) async fn has_accepted(
    conn: &mut PgConnection,
    provider: Provider,
    reference: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM ledger WHERE provider = $1 AND reference = $2 AND outcome = 'accepted')",
    )
    .bind(provider.name())
    .bind(reference)
    .fetch_one(conn)
    .await
}

/// The lines that match, newest first.
pub(crate) async fn entries(conn: &mut PgConnection, filter: &Filter) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as(
        "SELECT id, at, provider, operation, idempotency_key, reference, outcome, body FROM ledger
         WHERE ($1::text IS NULL OR provider = $1) AND ($2::timestamptz IS NULL OR at >= $2)
           AND ($3::text IS NULL OR strpos(concat_ws(' ', idempotency_key, reference, body::text), $3) > 0)
         ORDER BY id DESC LIMIT $4",
    )
    .bind(filter.provider.map(Provider::name))
    .bind(filter.since)
    .bind(&filter.contains)
    .bind(filter.limit)
    .fetch_all(conn)
    .await
}
