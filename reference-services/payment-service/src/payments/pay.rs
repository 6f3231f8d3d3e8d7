//! Paying an order.

use std::time::Instant;

use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::idempotency::{self, Answer, Claim, Claimed};
use ecotrack_chassis::{ApiError, ApiResult, postgres};
use ecotrack_events::Money;
use tracing::{Instrument as _, Span, field};
use uuid::Uuid;

use super::Payments;
use crate::answer;
use crate::clients::Asker;
use crate::domain::method::Method;
use crate::domain::payment::Payment;
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
        let claim = match self.claim(request).await? {
            Claimed::Work(claim) => claim,
            Claimed::Done(answer) => return Ok(Answered::Before(answer)),
        };
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
            Some(payment) if !payment.may_be_asked_for(postgres::now()) => {
                return self.answer_again(claim, &payment).await;
            }
            Some(payment) => payment,
            None => self.initiate(caller, claim.subject_id(), offer).await?,
        };
        let outcome = self.providers.charge(Asker::Request, &payment, &offer.token).await;
        self.metrics.asked(payment.method, began.elapsed());
        let (payment, answer) = self.settle_charge(payment.id, &outcome, 0, Some(claim)).await?;
        Span::current().record("status", payment.status.name());
        Ok(answer)
    }

    /// How the payment stands, for a request whose answer was lost. The provider is not asked: somebody decided already, or will.
    async fn answer_again(&self, claim: &Claim, payment: &Payment) -> ApiResult<Answer> {
        let answer = answer::to_payment(payment).map_err(ApiError::internal)?;
        let mut conn = self.database.acquire().await?;
        claim.complete(&mut conn, &answer).await?;
        Ok(answer)
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
