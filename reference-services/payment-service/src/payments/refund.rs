//! Paying money back.

use ecotrack_chassis::idempotency::{self, Answer, Claim, Claimed};
use ecotrack_chassis::{ApiError, ApiResult, postgres};
use ecotrack_events::Money;
use uuid::Uuid;

use super::{Answered, Payments};
use crate::answer;
use crate::clients::Asker;
use crate::domain::payment::Payment;
use crate::domain::refund::{Refund, RefundError, RefundStatus};
use crate::domain::schedule;
use crate::store;

impl Payments {
    /// Refunds a customer's payment, or so much of it, once however often it is asked for under one key.
    pub(crate) async fn refund(
        &self,
        request: &idempotency::Request<'_>,
        payment_id: Uuid,
        asked: Option<Money>,
    ) -> ApiResult<Answered> {
        let claim = match self.claim(request).await? {
            Claimed::Work(claim) => claim,
            Claimed::Done(answer) => return Ok(Answered::Before(answer)),
        };
        match self.refund_claimed(request.user_id, &claim, payment_id, asked).await {
            Ok(answer) => Ok(Answered::Now(answer)),
            Err(error) => {
                claim.give_back(&self.database, &error).await;
                Err(error)
            }
        }
    }

    async fn refund_claimed(
        &self,
        user_id: Uuid,
        claim: &Claim,
        payment_id: Uuid,
        asked: Option<Money>,
    ) -> ApiResult<Answer> {
        let id = claim.subject_id();
        let (payment, refund) = self.start_refund(user_id, payment_id, id, asked).await?;
        if refund.status != RefundStatus::Pending {
            // Somebody settled it after the first request died; the provider may not know its key for ever.
            let answer = answer::to_refund(&payment).map_err(ApiError::internal)?;
            claim.complete(&mut *self.database.acquire().await?, &answer).await?;
            return Ok(answer);
        }
        let outcome = self.providers.refund(Asker::Request, &payment, &refund).await;
        let settled = self.settle_refund(payment.id, refund.id, &outcome, 0, Some(claim)).await;
        settled.map(|(_, answer)| answer)
    }

    /// From here on somebody looks after the refund, whatever happens to this request. Goes on with one that was begun.
    async fn start_refund(
        &self,
        user_id: Uuid,
        payment_id: Uuid,
        id: Uuid,
        asked: Option<Money>,
    ) -> ApiResult<(Payment, Refund)> {
        let mut tx = self.database.begin().await?;
        let known = store::lock(&mut tx, payment_id, Some(user_id), Some(id)).await?;
        let mut payment = known.ok_or_else(ApiError::not_found)?;
        if payment.refund.is_none() {
            payment.start_refund(id, asked, postgres::now()).map_err(refuse)?;
            store::update(&mut tx, &payment, Some(schedule::PATIENCE)).await?;
        }
        tx.commit().await?;
        let gone = || ApiError::internal(anyhow::anyhow!("refund {id} is gone"));
        let refund = payment.refund.clone().ok_or_else(gone)?;
        Ok((payment, refund))
    }
}

fn refuse(error: RefundError) -> ApiError {
    match error {
        RefundError::UnderWay => ApiError::conflict("refund-under-way", error.to_string())
            .retry_after(schedule::pause(1)),
        RefundError::Status(_) => ApiError::conflict("payment-status", error.to_string()),
        RefundError::Currency => ApiError::invalid_field("/currency", error.to_string()),
        RefundError::Amount => ApiError::invalid_field("/amount", error.to_string()),
    }
}
