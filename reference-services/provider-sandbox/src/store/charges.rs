//! Charges and their refunds, as the ledger tells of them.

use serde_json::Value;
use sqlx::PgConnection;

use crate::exchange::Charge;
use crate::provider::Provider;

#[derive(sqlx::FromRow)]
struct Row {
    reference: String,
    amount_minor: i64,
    currency: String,
    refunded_minor: i64,
    request: Value,
}

/// Keeps others from refunding the same charge until the transaction ends.
pub(crate) async fn lock_charge(
    tx: &mut PgConnection,
    provider: Provider,
    reference: &str,
) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))")
        .bind(format!("{provider} {reference}"))
        .execute(tx)
        .await
        .map(drop)
}

/// A charge that was made, with what has gone back of it.
pub(crate) async fn find_charge(
    conn: &mut PgConnection,
    provider: Provider,
    reference: &str,
) -> sqlx::Result<Option<Charge>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT reference, amount_minor, currency, body -> 'request' AS request,
             (SELECT coalesce(sum(refund.amount_minor), 0)::bigint FROM ledger refund
              WHERE refund.provider = charge.provider AND refund.parent = charge.reference
                AND refund.outcome = 'accepted') AS refunded_minor
         FROM ledger charge
         WHERE provider = $1 AND reference = $2 AND outcome = 'accepted' AND parent IS NULL AND amount_minor IS NOT NULL",
    )
    .bind(provider.name())
    .bind(reference)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Charge {
        reference: row.reference,
        amount_minor: row.amount_minor,
        currency: row.currency,
        refunded_minor: row.refunded_minor,
        request: row.request,
    }))
}

/// Stripe's answers about the charges of one of the customer's payments, refused ones among them, newest first.
pub(crate) async fn stripe_intents(
    conn: &mut PgConnection,
    payment_id: &str,
) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT body -> 'response' FROM ledger
         WHERE provider = 'stripe' AND operation = 'payment_intent' AND outcome IN ('accepted', 'declined')
           AND body #>> '{request,metadata[payment_id]}' = $1
         ORDER BY id DESC LIMIT 100",
    )
    .bind(payment_id)
    .fetch_all(conn)
    .await
}

/// Stripe's refunds of a charge, newest first.
pub(crate) async fn stripe_refunds(
    conn: &mut PgConnection,
    payment_intent: &str,
) -> sqlx::Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT body -> 'response' FROM ledger
         WHERE provider = 'stripe' AND parent = $1 AND outcome = 'accepted' ORDER BY id DESC LIMIT 100",
    )
    .bind(payment_intent)
    .fetch_all(conn)
    .await
}

/// `PayPal`'s captures and refunds that belong to one of the customer's payments, as request and response, oldest first.
pub(crate) async fn paypal_transactions(
    conn: &mut PgConnection,
    payment_id: &str,
) -> sqlx::Result<Vec<(Value, Value)>> {
    sqlx::query_as(
        "WITH captures AS (
             SELECT id, reference, body FROM ledger
             WHERE provider = 'paypal' AND operation = 'order' AND outcome = 'accepted'
               AND body #>> '{request,purchase_units,0,custom_id}' = $1)
         SELECT body -> 'request', body -> 'response' FROM (
             SELECT id, body FROM captures
             UNION ALL
             SELECT id, body FROM ledger WHERE provider = 'paypal' AND outcome = 'accepted'
               AND parent IN (SELECT reference FROM captures)) transactions
         ORDER BY id LIMIT 100",
    )
    .bind(payment_id)
    .fetch_all(conn)
    .await
}
