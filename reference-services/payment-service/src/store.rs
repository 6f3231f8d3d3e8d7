//! Payments in the database. Each function is one or two statements on the connection it is given.

/// What a row of a payment is read from.
macro_rules! payment_columns {
    () => {
        "id, order_id, user_id, amount, currency, method, status, refunded, provider_reference, failure_reason, created_at, updated_at"
    };
}

mod due;
pub(crate) mod intents;
mod refunds;
mod rows;
mod write;

use chrono::TimeDelta;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::method::Gateway;
use crate::domain::payment::Payment;
pub(crate) use due::{context_of, take_due};
pub(crate) use rows::Open;
use rows::PaymentRow;
pub(crate) use write::{Operation, insert, record, update};

/// A payment, if there is one; `user_id` narrows it to a customer's own.
pub(crate) async fn find(
    conn: &mut PgConnection,
    id: Uuid,
    user_id: Option<Uuid>,
) -> sqlx::Result<Option<Payment>> {
    let row: Option<PaymentRow> = sqlx::query_as(concat!(
        "SELECT ",
        payment_columns!(),
        " FROM payments WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2)"
    ))
    .bind(id)
    .bind(user_id)
    .fetch_optional(conn)
    .await?;
    row.map(PaymentRow::payment).transpose()
}

/// A payment with the refund that is under way, or with the one named, kept from others until the transaction ends.
pub(crate) async fn lock(
    tx: &mut PgConnection,
    id: Uuid,
    user_id: Option<Uuid>,
    refund_id: Option<Uuid>,
) -> sqlx::Result<Option<Payment>> {
    let row: Option<PaymentRow> = sqlx::query_as(concat!(
        "SELECT ",
        payment_columns!(),
        " FROM payments WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2) FOR UPDATE"
    ))
    .bind(id)
    .bind(user_id)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(mut payment) = row.map(PaymentRow::payment).transpose()? else { return Ok(None) };
    // A statement of its own, after the lock: what others did to refunds until then is seen.
    payment.refund = refunds::find(tx, &payment, refund_id).await?;
    Ok(Some(payment))
}

/// Takes in an event of a provider. `false` if it was taken in before.
pub(crate) async fn claim_event(
    tx: &mut PgConnection,
    gateway: Gateway,
    event_id: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO provider_events (gateway, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(gateway.name())
    .bind(event_id)
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets events of providers that were taken in so long ago, at most so many. Says how many.
pub(crate) async fn forget_events(
    conn: &mut PgConnection,
    age: TimeDelta,
    most: i64,
) -> sqlx::Result<u64> {
    sqlx::query(
        "DELETE FROM provider_events WHERE (gateway, event_id) IN (
             SELECT gateway, event_id FROM provider_events WHERE received_at < now() - make_interval(secs => $1)
             ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(age.as_seconds_f64())
    .bind(most)
    .execute(conn)
    .await
    .map(|forgotten| forgotten.rows_affected())
}
