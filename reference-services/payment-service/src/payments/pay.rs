//! Paying an order.

use std::time::Instant;

use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::idempotency::{self, Answer, Claim, Claimed};
use ecotrack_chassis::telemetry::propagation;
use ecotrack_chassis::{ApiError, ApiResult, postgres};
use ecotrack_events::Money;
use tracing::{Instrument as _, Span, field};
use uuid::Uuid;

use super::Payments;
use crate::clients::Asker;
use crate::domain::method::Method;
use crate::domain::payment::Payment;
use crate::domain::schedule;
use crate::domain::token::PaymentToken;
use crate::store;

/// What a customer offers.
pub(crate) struct Offer {
    pub(crate) order_id: Uuid,
    pub(crate) amount: Money,
    pub(crate) method: Method,
    pub(crate) token: PaymentToken,
}

/// What came of a request under a key.
pub(crate) enum Answered {
    /// Settled, or on its way, just now.
    Now(Answer),
    /// Answered when the key was used first.
    Before(Answer),
}

impl Payments {
    /// Pays an order once, however often it is asked for under one key.
    pub(crate) async fn pay(
        &self,
        caller: &Caller,
        request: &idempotency::Request<'_>,
        offer: &Offer,
    ) -> ApiResult<Answered> {
        let mut conn = self.database.acquire().await?;
        let claim = match idempotency::claim(&mut conn, request).await? {
            Claimed::Work(claim) => claim,
            Claimed::Done(answer) => return Ok(Answered::Before(answer)),
        };
        drop(conn);
        let span = processing_span(claim.subject_id(), offer.order_id, offer.amount, offer.method);
        match self.pay_claimed(caller, &claim, offer).instrument(span).await {
            Ok(answer) => Ok(Answered::Now(answer)),
            Err(error) => {
                claim.give_back(&self.database, &error).await;
                Err(error)
            }
        }
    }

    async fn pay_claimed(
        &self,
        caller: &Caller,
        claim: &Claim,
        offer: &Offer,
    ) -> ApiResult<Answer> {
        let began = Instant::now();
        let mut conn = self.database.acquire().await?;
        let known = store::find(&mut conn, claim.subject_id(), Some(caller.user_id)).await?;
        drop(conn);
        let payment = match known {
            Some(payment) => payment,
            None => self.initiate(caller, claim.subject_id(), offer).await?,
        };
        let outcome = self.providers.charge(Asker::Request, &payment, &offer.token).await;
        self.metrics.asked(payment.method, began.elapsed());
        let (payment, answer) = self.settle_charge(payment.id, &outcome, 0, Some(claim)).await?;
        Span::current().record("status", payment.status.name());
        Ok(answer)
    }

    /// Asks what is owed and records the payment: from here on somebody looks after it, whatever happens to this request.
    async fn initiate(&self, caller: &Caller, id: Uuid, offer: &Offer) -> ApiResult<Payment> {
        let debt = self.orders.open_payment(offer.order_id, offer.amount, &caller.token).await?;
        let payment = Payment::initiate(id, debt, offer.amount, offer.method, postgres::now())
            .map_err(|error| ApiError::invalid_field("/amount", error.to_string()))?;
        let mut tx = self.database.begin().await?;
        let written = store::insert(
            &mut tx,
            &payment,
            &offer.token,
            &propagation::outgoing(),
            schedule::PATIENCE,
        )
        .await;
        written.map_err(refuse_second)?;
        let event = payment.initiated();
        self.outbox.append(&mut tx, event.clone()).await?;
        self.outbox.commit(tx).await?;
        self.metrics.told(&payment, &event);
        Ok(payment)
    }
}

/// The span of a payment on its way.
pub(super) fn processing_span(
    payment_id: Uuid,
    order_id: Uuid,
    amount: Money,
    method: Method,
) -> Span {
    tracing::info_span!(
        "payment-processing",
        %payment_id,
        %order_id,
        amount = amount.to_decimal(),
        gateway = method.gateway().name(),
        status = field::Empty,
    )
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
