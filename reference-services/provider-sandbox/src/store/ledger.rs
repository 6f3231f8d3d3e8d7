//! The ledger: rows are added and read, nothing else.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::decode;
use crate::exchange::{Answer, Call, Movement, Outcome};
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
    /// `accepted`, `declined`, `replayed`, `refused`, `failed` or `unanswered`.
    pub(crate) outcome: String,
    /// Money that was moved, in minor units; only where the outcome is `accepted`.
    pub(crate) amount_minor: Option<i64>,
    /// ISO 4217 of that money.
    pub(crate) currency: Option<String>,
    /// The charge that was paid back, by the provider's id.
    pub(crate) parent: Option<String>,
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
    /// Only lines before this position.
    pub(crate) before: Option<i64>,
    /// At most so many.
    pub(crate) limit: i64,
}

/// Keeps others from using the same key until the transaction ends.
pub(crate) async fn lock_key(tx: &mut PgConnection, call: &Call) -> sqlx::Result<()> {
    let Some(key) = &call.idempotency_key else { return Ok(()) };
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(format!("{} {} {key}", call.provider, call.operation))
        .execute(tx)
        .await
        .map(drop)
}

/// Writes a line.
pub(crate) async fn append(
    conn: &mut PgConnection,
    call: &Call,
    outcome: Outcome,
    answer: &Answer,
    movement: Option<&Movement>,
) -> sqlx::Result<()> {
    let body = json!({
        "request": call.request, "status": answer.status.as_u16(), "response": answer.body, "credential": call.credential,
    });
    sqlx::query(
        "INSERT INTO ledger (provider, operation, idempotency_key, reference, outcome, body, amount_minor, currency, parent)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(call.provider.name())
    .bind(&call.operation)
    .bind(&call.idempotency_key)
    .bind(&answer.reference)
    .bind(outcome.name())
    .bind(body)
    .bind(movement.map(|movement| movement.amount_minor))
    .bind(movement.map(|movement| &movement.currency))
    .bind(movement.and_then(|movement| movement.parent.as_ref()))
    .execute(conn)
    .await
    .map(drop)
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
    if !call.provider.remembers_keys() {
        return Ok(None);
    }
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
        let answer = Answer {
            status,
            body: row.response,
            reference_header: call.provider.reference_header(),
            reference: row.reference,
        };
        Ok((row.request, answer))
    })
    .transpose()
}

/// The request by which the provider made something, found by what it made.
pub(crate) async fn request_of(
    conn: &mut PgConnection,
    provider: Provider,
    reference: &str,
) -> sqlx::Result<Option<Value>> {
    sqlx::query_scalar(
        "SELECT body -> 'request' FROM ledger WHERE provider = $1 AND reference = $2 AND outcome = 'accepted'",
    )
    .bind(provider.name())
    .bind(reference)
    .fetch_optional(conn)
    .await
}

/// The lines that match, newest first.
pub(crate) async fn entries(conn: &mut PgConnection, filter: &Filter) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as(
        "SELECT id, at, provider, operation, idempotency_key, reference, outcome, amount_minor, currency, parent, body FROM ledger
         WHERE ($1::text IS NULL OR provider = $1) AND ($2::timestamptz IS NULL OR at >= $2)
           AND ($3::text IS NULL OR strpos(concat_ws(' ', idempotency_key, reference, body::text), $3) > 0)
           AND ($5::bigint IS NULL OR id < $5)
         ORDER BY id DESC LIMIT $4",
    )
    .bind(filter.provider.map(Provider::name))
    .bind(filter.since)
    .bind(&filter.contains)
    .bind(filter.limit)
    .bind(filter.before)
    .fetch_all(conn)
    .await
}
