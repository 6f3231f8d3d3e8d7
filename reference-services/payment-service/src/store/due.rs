//! Payments whose outcome is open.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::refunds;
use super::rows::{Open, OpenRow, TraceContext};
use crate::domain::method::Method;
use crate::domain::payment::Payment;

/// Takes the payment of a method that waits longest for its outcome, and puts its next attempt off by `patience`: one asker at a
/// time.
pub(crate) async fn take_due(
    conn: &mut PgConnection,
    method: Method,
    patience: Duration,
) -> sqlx::Result<Option<Open>> {
    let row: Option<OpenRow> = sqlx::query_as(concat!(
        "UPDATE payments SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => $1)
         WHERE id = (SELECT id FROM payments WHERE next_attempt_at <= now() AND method = $2
                     ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING ",
        payment_columns!(),
        ", payment_token, attempts, trace_context"
    ))
    .bind(patience.as_secs_f64())
    .bind(method.name())
    .fetch_optional(&mut *conn)
    .await?;
    let Some(mut open) = row.map(OpenRow::open).transpose()? else { return Ok(None) };
    let Some(refund) = refunds::find(conn, &open.payment, None).await? else {
        return Ok(Some(open));
    };
    // Read after the refund was: it may have begun, and its charge been settled, since the row was taken.
    if let Some(payment) = super::find(conn, open.payment.id, None).await? {
        open.payment = Payment { refund: Some(refund), ..payment };
    }
    Ok(Some(open))
}

/// The request a payment belongs to.
pub(crate) async fn context_of(
    conn: &mut PgConnection,
    payment_id: Uuid,
) -> sqlx::Result<TraceContext> {
    let context: Option<Json<TraceContext>> =
        sqlx::query_scalar("SELECT trace_context FROM payments WHERE id = $1")
            .bind(payment_id)
            .fetch_optional(conn)
            .await?;
    Ok(context.map(|context| context.0).unwrap_or_default())
}
