//! Opening a payment at order-service: from there on the order waits for it, so it is written down before.
//!
//! order-service lets one payment of an order in. Between its yes and the record of the payment lies a moment in which this process
//! may die; what is left then is the intent. A request that comes again under its key goes on with it; there is time
//! for that, as the key is free again half a minute before. If none comes, the intent is given up: order-service hears of a payment that
//! failed, and ends an order that waits for it.

use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::telemetry::propagation;
use ecotrack_chassis::workers::Progress;
use ecotrack_chassis::{ApiError, ApiResult, continuation, failpoint, postgres};
use uuid::Uuid;

use super::Payments;
use super::pay::{Offer, processing_span};
use crate::domain::intent::Intent;
use crate::domain::payment::{AmountMismatch, Debt, Payment};
use crate::domain::schedule;
use crate::store::intents::Written;
use crate::store::{self, intents};

impl Payments {
    /// Asks what is owed and records the payment: from here on somebody looks after it, whatever happens to this request.
    pub(super) async fn initiate(
        &self,
        caller: &Caller,
        id: Uuid,
        offer: &Offer,
    ) -> ApiResult<Payment> {
        let debt = Debt { order_id: offer.order_id, user_id: caller.user_id, amount: offer.amount };
        let intent = Intent { payment_id: id, offer: debt, method: offer.method };
        let is_first = self.intend(&intent).await?;
        let debt = match self.orders.open_payment(&intent, &caller.token).await {
            Ok(debt) => debt,
            Err(refused) => {
                if refused.is_surely_closed || (is_first && refused.is_unsent) {
                    self.end_intent(id).await;
                }
                return Err(refused.answer);
            }
        };
        failpoint::hit("payment.opened");
        let payment = intent.opened(debt, postgres::now());
        let payment = payment
            .ok_or_else(|| ApiError::invalid_field("/amount", AmountMismatch.to_string()))?;
        self.record(&payment, offer).await?;
        Ok(payment)
    }

    /// Says whether nobody did before: then nobody has asked order-service either.
    async fn intend(&self, intent: &Intent) -> ApiResult<bool> {
        let mut conn = self.database.acquire().await?;
        let context = propagation::outgoing();
        match intents::write(&mut conn, intent, &context, schedule::OPENING_PATIENCE).await? {
            Written::First => Ok(true),
            Written::Again => Ok(false),
            Written::GivenUp => Err(given_up()),
        }
    }

    /// The intent becomes a payment.
    async fn record(&self, payment: &Payment, offer: &Offer) -> ApiResult<()> {
        let mut tx = self.database.begin().await?;
        if !intents::end(&mut tx, payment.id).await? {
            return Err(given_up());
        }
        let context = propagation::outgoing();
        store::insert(&mut tx, payment, &offer.token, &context, schedule::PATIENCE)
            .await
            .map_err(refuse_second)?;
        let event = payment.initiated();
        self.outbox.append(&mut tx, event.clone()).await?;
        self.outbox.commit(tx).await?;
        self.metrics.told(payment, &event);
        Ok(())
    }

    /// Nothing was opened, so nothing is to be given up. If even that cannot be written, it is given up all the same.
    async fn end_intent(&self, payment_id: Uuid) {
        let ended = async {
            let mut conn = self.database.acquire().await?;
            intents::end(&mut conn, payment_id).await
        };
        if let Err(error) = ended.await {
            tracing::warn!(%error, %payment_id, "the intent is given up when it is due");
        }
    }

    /// Gives up one payment that nobody recorded in time, in the trace of the request that it belongs to.
    pub(crate) async fn give_up_one(&self) -> anyhow::Result<Progress> {
        let mut tx = self.database.begin().await?;
        let Some(row) = intents::lock_due(&mut tx).await? else { return Ok(Progress::Idle) };
        let payment_id = row.payment_id;
        let due = match row.due() {
            Ok(due) => due,
            Err(error) => {
                // The others do not wait for the one that cannot be read.
                intents::put_off(&mut tx, payment_id, schedule::PATIENCE).await?;
                tx.commit().await?;
                return Err(error.into());
            }
        };
        let intent = due.intent;
        match intents::rival_of(&mut tx, &intent, schedule::OPENING_PATIENCE).await? {
            // Whoever was let in instead: the order does not wait for this one.
            intents::Rival::Recorded => {
                intents::end(&mut tx, intent.payment_id).await?;
                tx.commit().await?;
            }
            intents::Rival::UnderWay => {
                intents::put_off(&mut tx, intent.payment_id, schedule::pause(1)).await?;
                tx.commit().await?;
            }
            intents::Rival::None => {
                let Debt { order_id, amount, .. } = intent.offer;
                let span = processing_span(intent.payment_id, order_id, amount, intent.method);
                let giving_up = self.give_up(tx, &intent);
                continuation::resume(&due.context, "payments", span, giving_up).await?;
            }
        }
        Ok(Progress::Worked)
    }

    async fn give_up(
        &self,
        mut tx: sqlx::Transaction<'static, sqlx::Postgres>,
        intent: &Intent,
    ) -> anyhow::Result<()> {
        let (payment, events) = intent.abandoned(postgres::now());
        intents::give_up(&mut tx, payment.id).await?;
        for event in &events {
            self.outbox.append(&mut tx, event.clone()).await?;
        }
        self.outbox.commit(tx).await?;
        self.told(&payment, &events);
        Ok(())
    }
}

fn given_up() -> ApiError {
    let detail =
        "an earlier attempt under this Idempotency-Key came to nothing; its order is cancelled";
    ApiError::conflict("payment-given-up", detail)
}

fn refuse_second(error: sqlx::Error) -> ApiError {
    let is_second = error
        .as_database_error()
        .is_some_and(|error| error.constraint() == Some("payments_order_id_key"));
    if is_second {
        ApiError::conflict("already-paid", "there is a payment for this order")
    } else {
        error.into()
    }
}
