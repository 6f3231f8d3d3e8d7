//! Refunds.

use sqlx::PgConnection;
use uuid::Uuid;

use super::rows::RefundRow;
use crate::domain::payment::Payment;
use crate::domain::refund::Refund;

/// A payment's refund: the one named, or the one that is under way.
pub(super) async fn find(
    conn: &mut PgConnection,
    payment: &Payment,
    id: Option<Uuid>,
) -> sqlx::Result<Option<Refund>> {
    let row: Option<RefundRow> = sqlx::query_as(
        "SELECT id, amount, covered_at, status, provider_reference, failure_reason FROM refunds
         WHERE payment_id = $1 AND (id = $2 OR ($2::uuid IS NULL AND status = 'pending'))",
    )
    .bind(payment.id)
    .bind(id)
    .fetch_optional(conn)
    .await?;
    row.map(|row| row.refund(payment)).transpose()
}

/// Writes what a refund has become.
pub(super) async fn save(
    tx: &mut PgConnection,
    payment: &Payment,
    refund: &Refund,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO refunds (id, payment_id, amount, covered_at, status, provider_reference, failure_reason, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, provider_reference = excluded.provider_reference,
             failure_reason = excluded.failure_reason, updated_at = excluded.updated_at",
    )
    .bind(refund.id)
    .bind(payment.id)
    .bind(refund.amount.amount_minor())
    .bind(refund.covered_at)
    .bind(refund.status.name())
    .bind(&refund.provider_reference)
    .bind(&refund.failure_reason)
    .bind(payment.updated_at)
    .execute(tx)
    .await
    .map(drop)
}
