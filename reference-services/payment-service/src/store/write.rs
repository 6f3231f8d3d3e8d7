//! Writing payments.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::refunds;
use super::rows::TraceContext;
use crate::domain::outcome::Outcome;
use crate::domain::payment::Payment;
use crate::domain::token::PaymentToken;

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

/// Writes what a payment and its refund at hand have become; `again_in` is when the provider is asked again. The token is
/// forgotten once the charge is settled.
pub(crate) async fn update(
    tx: &mut PgConnection,
    payment: &Payment,
    again_in: Option<Duration>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE payments SET status = $2, refunded = $3, provider_reference = $4, failure_reason = $5, updated_at = $6,
             next_attempt_at = now() + make_interval(secs => $7),
             attempts = CASE WHEN $7::double precision IS NULL THEN 0 ELSE attempts END,
             payment_token = CASE WHEN $2 IN ('initiated', 'pending') THEN payment_token END
         WHERE id = $1",
    )
    .bind(payment.id)
    .bind(payment.status.name())
    .bind(payment.refunded.amount_minor())
    .bind(&payment.provider_reference)
    .bind(&payment.failure_reason)
    .bind(payment.updated_at)
    .bind(again_in.map(|pause| pause.as_secs_f64()))
    .execute(&mut *tx)
    .await?;
    match &payment.refund {
        Some(refund) => refunds::save(tx, payment, refund).await,
        None => Ok(()),
    }
}

/// Notes a conversation with a provider. That it does not answer is noted once, however often it is asked: it is asked for as long
/// as it takes, and the rows stay. In the transaction that locked the payment.
pub(crate) async fn record(
    tx: &mut PgConnection,
    payment_id: Uuid,
    operation: Operation,
    outcome: &Outcome,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO payment_attempts (id, payment_id, operation, outcome, provider_reference, reason, at)
         SELECT $1, $2, $3, $4, $5, $6, clock_timestamp()
         WHERE $4 <> 'unknown' OR $4 IS DISTINCT FROM
             (SELECT outcome FROM payment_attempts WHERE payment_id = $2 AND operation = $3 ORDER BY at DESC LIMIT 1)",
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
