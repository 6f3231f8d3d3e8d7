//! Learning from a provider's webhook what became of a payment.

use ecotrack_chassis::{ApiResult, continuation, postgres};
use uuid::Uuid;

use super::Payments;
use super::pay::processing_span;
use crate::domain::method::Gateway;
use crate::domain::notice::Notice;
use crate::domain::status::Status;
use crate::store;

/// What a notice came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Learned {
    /// The payment changed.
    News,
    /// It was known already.
    Known,
    /// The same event came before.
    Duplicate,
    /// It is about no payment of ours.
    Stranger,
    /// Money was taken for a payment that was given up; it goes back.
    Late,
    /// It does not fit what we know; somebody has to look at it.
    Contradiction,
}

impl Payments {
    /// Takes in a notice, in the trace of the request that the payment belongs to.
    pub(crate) async fn learn(
        &self,
        gateway: Gateway,
        event_id: &str,
        notice: &Notice,
    ) -> ApiResult<Learned> {
        let mut conn = self.database.acquire().await?;
        let Some(payment) = store::find(&mut conn, notice.payment_id, None).await? else {
            return Ok(Learned::Stranger);
        };
        let context = store::context_of(&mut conn, payment.id).await?;
        drop(conn);
        let span = processing_span(payment.id, payment.order_id, payment.amount, payment.method);
        let taking_in = self.take_in(gateway, event_id, notice);
        continuation::resume(&context, "payments", span, taking_in).await
    }

    /// Event and effect in one transaction: whatever happens, a later delivery finds both or neither.
    async fn take_in(
        &self,
        gateway: Gateway,
        event_id: &str,
        notice: &Notice,
    ) -> ApiResult<Learned> {
        let mut tx = self.database.begin().await?;
        if !store::claim_event(&mut tx, gateway, event_id).await? {
            return Ok(Learned::Duplicate);
        }
        let Some(mut payment) = store::lock(&mut tx, notice.payment_id, None, None).await? else {
            return Ok(Learned::Stranger);
        };
        if payment.method.gateway() != gateway {
            return Ok(Learned::Stranger);
        }
        let before = payment.clone();
        let events = match payment.learn(notice, postgres::now()) {
            Ok(events) => events,
            Err(error) => {
                tracing::error!(payment_id = %payment.id, %error, "a webhook contradicts what is known");
                tx.commit().await?;
                return Ok(Learned::Contradiction);
            }
        };
        if payment != before {
            payment.take_back_rest(Uuid::now_v7(), postgres::now());
            self.write(&mut tx, &payment, &events, 0).await?;
        }
        self.outbox.commit(tx).await?;
        self.told(&payment, &events);
        if before.status == Status::Failed && payment != before {
            tracing::error!(payment_id = %payment.id, "money was taken after the payment was given up, it goes back");
            return Ok(Learned::Late);
        }
        Ok(if payment == before { Learned::Known } else { Learned::News })
    }
}
