//! Payments in the database. Each function is one or two statements on the connection it is given.

mod rows;

use std::collections::HashMap;
use std::time::Duration;

use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::outcome::Outcome;
use crate::domain::payment::Payment;
use crate::domain::token::PaymentToken;
pub(crate) use rows::Open;
use rows::{OpenRow, PaymentRow};

/// Headers that tell of the request a row belongs to.
pub(crate) type TraceContext = HashMap<String, String>;

/// What was asked of a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operation {
    /// Money.
    Charge,
    /// The money back.
    Refund,
}

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
        }
    }
}

/// Writes a new payment; somebody looks after it after `patience` if the request does not get to its end.
pub(crate) async fn insert(
    tx: &mut PgConnection,
    payment: &Payment,
    token: &PaymentToken,
    context: &TraceContext,
    patience: Duration,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO payments (id, order_id, user_id, amount, currency, method, status, payment_token, trace_context,
             next_attempt_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + make_interval(secs => $10), $11, $11)",
    )
    .bind(payment.id)
    .bind(payment.order_id)
    .bind(payment.user_id)
    .bind(payment.amount.amount_minor())
    .bind(payment.amount.currency().code())
    .bind(payment.method.name())
    .bind(payment.status.name())
    .bind(token.expose())
    .bind(Json(context))
    .bind(patience.as_secs_f64())
    .bind(payment.created_at)
    .execute(tx)
    .await
    .map(drop)
}

/// A payment, if there is one; `user_id` narrows it to a customer's own.
pub(crate) async fn find(
    conn: &mut PgConnection,
    id: Uuid,
    user_id: Option<Uuid>,
) -> sqlx::Result<Option<Payment>> {
    let row: Option<PaymentRow> = sqlx::query_as(
        "SELECT * FROM payments WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2)",
    )
    .bind(id)
    .bind(user_id)
    .fetch_optional(conn)
    .await?;
    row.map(PaymentRow::payment).transpose()
}

/// A payment, kept from others until the transaction ends.
pub(crate) async fn lock(
    tx: &mut PgConnection,
    id: Uuid,
    user_id: Option<Uuid>,
) -> sqlx::Result<Option<Payment>> {
    let row: Option<PaymentRow> = sqlx::query_as(
        "SELECT * FROM payments WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2) FOR UPDATE",
    )
    .bind(id)
    .bind(user_id)
    .fetch_optional(tx)
    .await?;
    row.map(PaymentRow::payment).transpose()
}

/// Writes what a payment has become; `again_in` is when the provider is asked again. The token is forgotten once settled.
pub(crate) async fn update(
    tx: &mut PgConnection,
    payment: &Payment,
    again_in: Option<Duration>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE payments SET status = $2, provider_reference = $3, failure_reason = $4, updated_at = $5,
             next_attempt_at = now() + make_interval(secs => $6),
             attempts = CASE WHEN $6::double precision IS NULL THEN 0 ELSE attempts END,
             payment_token = CASE WHEN $2 IN ('initiated', 'pending') THEN payment_token END
         WHERE id = $1",
    )
    .bind(payment.id)
    .bind(payment.status.name())
    .bind(&payment.provider_reference)
    .bind(&payment.failure_reason)
    .bind(payment.updated_at)
    .bind(again_in.map(|pause| pause.as_secs_f64()))
    .execute(tx)
    .await
    .map(drop)
}

/// Notes a conversation with a provider.
pub(crate) async fn record(
    tx: &mut PgConnection,
    payment_id: Uuid,
    operation: Operation,
    outcome: &Outcome,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO payment_attempts (id, payment_id, operation, outcome, provider_reference, reason, at)
         VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())",
    )
    .bind(Uuid::now_v7())
    .bind(payment_id)
    .bind(operation.name())
    .bind(outcome.name())
    .bind(outcome.reference())
    .bind(outcome.reason())
    .execute(tx)
    .await
    .map(drop)
}

/// Takes the payment that waits longest for its outcome, and puts its next attempt off by `patience`: one asker at a time.
pub(crate) async fn take_due(
    conn: &mut PgConnection,
    patience: Duration,
) -> sqlx::Result<Option<Open>> {
    let row: Option<OpenRow> = sqlx::query_as(
        "UPDATE payments SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => $1)
         WHERE id = (SELECT id FROM payments WHERE next_attempt_at <= now()
                     ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING *",
    )
    .bind(patience.as_secs_f64())
    .fetch_optional(conn)
    .await?;
    row.map(OpenRow::open).transpose()
}
