//! `payment_intents`: payments from before they are opened at order-service until they are recorded, or given up.

use std::time::Duration;

use chrono::TimeDelta;
use ecotrack_events::{Currency, Money};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::rows::{TraceContext, known};
use crate::domain::intent::Intent;
use crate::domain::method::Method;
use crate::domain::payment::Debt;

/// An intent as it is stored.
#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) payment_id: Uuid,
    order_id: Uuid,
    user_id: Uuid,
    amount: i64,
    currency: String,
    method: String,
    trace_context: Json<TraceContext>,
}

/// An intent that is due, and the request it belongs to.
pub(crate) struct DueIntent {
    pub(crate) intent: Intent,
    pub(crate) context: TraceContext,
}

impl Row {
    /// What it says. An error if this version does not know the words, which a newer one may have written.
    pub(crate) fn due(self) -> sqlx::Result<DueIntent> {
        let id = self.payment_id;
        let currency = known("currency", id, Currency::parse(&self.currency).ok())?;
        let amount = Money::from_minor(self.amount, currency);
        let intent = Intent {
            payment_id: id,
            offer: Debt { order_id: self.order_id, user_id: self.user_id, amount },
            method: known("method", id, Method::from_name(&self.method))?,
        };
        Ok(DueIntent { intent, context: self.trace_context.0 })
    }
}

/// How an intent was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// For the first time.
    First,
    /// An earlier request wrote it, and may have got further.
    Again,
    /// Not at all: it was given up.
    GivenUp,
}

/// Writes an intent down, or prolongs it.
pub(crate) async fn write(
    conn: &mut PgConnection,
    intent: &Intent,
    context: &TraceContext,
    patience: Duration,
) -> sqlx::Result<Written> {
    // A row that was there before has been locked by this statement, which is what its `xmax` tells.
    let is_first: Option<bool> = sqlx::query_scalar(
        "INSERT INTO payment_intents (payment_id, order_id, user_id, amount, currency, method, trace_context, begun_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, now(), now() + make_interval(secs => $8))
         ON CONFLICT (payment_id) DO UPDATE SET begun_at = excluded.begun_at, due_at = excluded.due_at
         WHERE payment_intents.given_up_at IS NULL
         RETURNING xmax = 0",
    )
    .bind(intent.payment_id)
    .bind(intent.offer.order_id)
    .bind(intent.offer.user_id)
    .bind(intent.amount().amount_minor())
    .bind(intent.amount().currency().code())
    .bind(intent.method.name())
    .bind(Json(context))
    .bind(patience.as_secs_f64())
    .fetch_optional(conn)
    .await?;
    Ok(match is_first {
        Some(true) => Written::First,
        Some(false) => Written::Again,
        None => Written::GivenUp,
    })
}

/// Ends an intent that becomes a payment in this transaction, or that surely was not opened. False if it was given up: then there
/// must be no payment.
pub(crate) async fn end(conn: &mut PgConnection, payment_id: Uuid) -> sqlx::Result<bool> {
    let ended =
        sqlx::query("DELETE FROM payment_intents WHERE payment_id = $1 AND given_up_at IS NULL")
            .bind(payment_id)
            .execute(conn)
            .await?;
    Ok(ended.rows_affected() == 1)
}

/// An intent that nobody finished in time, kept from others until the transaction ends.
pub(crate) async fn lock_due(tx: &mut PgConnection) -> sqlx::Result<Option<Row>> {
    sqlx::query_as(
        "SELECT payment_id, order_id, user_id, amount, currency, method, trace_context
         FROM payment_intents WHERE given_up_at IS NULL AND due_at <= now()
         ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED",
    )
    .fetch_optional(tx)
    .await
}

/// Notes that an intent was given up, for good.
pub(crate) async fn give_up(tx: &mut PgConnection, payment_id: Uuid) -> sqlx::Result<()> {
    sqlx::query("UPDATE payment_intents SET given_up_at = now() WHERE payment_id = $1")
        .bind(payment_id)
        .execute(tx)
        .await
        .map(drop)
}

/// Puts an intent off.
pub(crate) async fn put_off(
    tx: &mut PgConnection,
    payment_id: Uuid,
    pause: Duration,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE payment_intents SET due_at = now() + make_interval(secs => $2) WHERE payment_id = $1",
    )
    .bind(payment_id)
    .bind(pause.as_secs_f64())
    .execute(tx)
    .await
    .map(drop)
}

/// Who else is about to pay an order, or does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rival {
    /// Nobody.
    None,
    /// Another payment that is not recorded yet and is being worked on.
    UnderWay,
    /// A payment that is recorded: it decides what becomes of the order.
    Recorded,
}

/// Who pays an order besides an intent. A request that began longer than `patience` ago is not under way any more.
pub(crate) async fn rival_of(
    tx: &mut PgConnection,
    intent: &Intent,
    patience: Duration,
) -> sqlx::Result<Rival> {
    let (is_recorded, is_under_way): (bool, bool) = sqlx::query_as(
        "SELECT EXISTS (SELECT FROM payments WHERE order_id = $1),
                EXISTS (SELECT FROM payment_intents WHERE order_id = $1 AND payment_id <> $2
                        AND given_up_at IS NULL AND begun_at > now() - make_interval(secs => $3))",
    )
    .bind(intent.offer.order_id)
    .bind(intent.payment_id)
    .bind(patience.as_secs_f64())
    .fetch_one(tx)
    .await?;
    Ok(match (is_recorded, is_under_way) {
        (true, _) => Rival::Recorded,
        (false, true) => Rival::UnderWay,
        (false, false) => Rival::None,
    })
}

/// Forgets intents that were given up so long ago, at most so many. Says how many.
pub(crate) async fn forget(
    conn: &mut PgConnection,
    age: TimeDelta,
    most: i64,
) -> sqlx::Result<u64> {
    sqlx::query(
        "DELETE FROM payment_intents WHERE payment_id IN (
             SELECT payment_id FROM payment_intents WHERE given_up_at < now() - make_interval(secs => $1)
             ORDER BY given_up_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(age.as_seconds_f64())
    .bind(most)
    .execute(conn)
    .await
    .map(|forgotten| forgotten.rows_affected())
}
