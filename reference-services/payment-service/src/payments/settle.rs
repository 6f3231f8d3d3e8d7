//! Writing down what a provider said: the row, the conversation, the event and the answer in one transaction.

use ecotrack_chassis::failpoint;
use ecotrack_chassis::idempotency::{Answer, Claim};
use ecotrack_chassis::{ApiError, ApiResult, postgres};
use ecotrack_events::Event;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Payments;
use crate::answer;
use crate::domain::outcome::Outcome;
use crate::domain::payment::Payment;
use crate::domain::schedule;
use crate::store::{self, Operation};

impl Payments {
    /// Settles a charge and, for a request under a key, its answer. Somebody else's verdict that came first stands.
    pub(super) async fn settle_charge(
        &self,
        payment_id: Uuid,
        outcome: &Outcome,
        attempts: u32,
        claim: Option<&Claim>,
    ) -> ApiResult<(Payment, Answer)> {
        failpoint::hit("payment.charged");
        let mut tx = self.database.begin().await?;
        let mut payment = locked(&mut tx, payment_id, None).await?;
        let mut events = Vec::new();
        if let Ok(event) = payment.charged(outcome, postgres::now()) {
            events.extend(event);
            self.write(&mut tx, &payment, &events, attempts).await?;
        } else if payment.charged_late(outcome, postgres::now()) {
            tracing::error!(payment_id = %payment.id, "money was taken after the payment was given up, it goes back");
            self.write(&mut tx, &payment, &events, attempts).await?;
        }
        store::record(&mut tx, payment.id, Operation::Charge, outcome).await?;
        let answer = answer::to_payment(&payment).map_err(ApiError::internal)?;
        if let Some(claim) = claim {
            claim.complete(&mut tx, &answer).await?;
        }
        self.outbox.commit(tx).await?;
        self.told(&payment, &events);
        Ok((payment, answer))
    }

    /// Settles a refund and, for a request under a key, its answer. Somebody else's verdict that came first stands.
    pub(super) async fn settle_refund(
        &self,
        payment_id: Uuid,
        refund_id: Uuid,
        outcome: &Outcome,
        attempts: u32,
        claim: Option<&Claim>,
    ) -> ApiResult<(Payment, Answer)> {
        failpoint::hit("payment.refunded");
        let mut tx = self.database.begin().await?;
        let mut payment = locked(&mut tx, payment_id, Some(refund_id)).await?;
        let before = payment.clone();
        let events: Vec<_> =
            payment.refund_answered(outcome, postgres::now()).into_iter().collect();
        let is_news = payment != before;
        let is_open_question = matches!(outcome, Outcome::Unknown { .. });
        if is_news || (is_open_question && payment.status.is_open()) {
            self.write(&mut tx, &payment, &events, attempts).await?;
        }
        store::record(&mut tx, payment.id, Operation::Refund, outcome).await?;
        let answer = answer::to_refund(&payment).map_err(ApiError::internal)?;
        if is_news && payment.take_back_rest(Uuid::now_v7(), postgres::now()) {
            self.write(&mut tx, &payment, &[], 0).await?;
        }
        if let Some(claim) = claim {
            claim.complete(&mut tx, &answer).await?;
        }
        self.outbox.commit(tx).await?;
        self.told(&payment, &events);
        if is_news && payment.keeps_money() {
            tracing::error!(payment_id = %payment.id, "the provider does not pay back what was taken after the payment was given up");
            self.metrics.take_back_refused(payment.method);
        }
        Ok((payment, answer))
    }

    /// Writes what a payment has become, with the events that tell of it. While a question is open it is asked again.
    pub(super) async fn write(
        &self,
        tx: &mut PgConnection,
        payment: &Payment,
        events: &[Event],
        attempts: u32,
    ) -> sqlx::Result<()> {
        let again_in = payment.status.is_open().then(|| schedule::pause(attempts));
        store::update(tx, payment, again_in).await?;
        for event in events {
            self.outbox.append(tx, event.clone()).await?;
        }
        Ok(())
    }

    /// For metrics and log, once it is committed.
    pub(super) fn told(&self, payment: &Payment, events: &[Event]) {
        for event in events {
            self.metrics.told(payment, event);
        }
        tracing::info!(payment_id = %payment.id, status = payment.status.name(), "payment settled");
    }
}

async fn locked(tx: &mut PgConnection, id: Uuid, refund_id: Option<Uuid>) -> ApiResult<Payment> {
    let gone = || ApiError::internal(anyhow::anyhow!("payment {id} is gone"));
    store::lock(tx, id, None, refund_id).await?.ok_or_else(gone)
}
