//! Writing down what a provider said: the row, the conversation, the event and the answer in one transaction.

use ecotrack_chassis::idempotency::{Answer, Claim};
use ecotrack_chassis::{ApiError, ApiResult, postgres};

use super::Payments;
use crate::answer;
use crate::domain::outcome::Outcome;
use crate::domain::payment::Payment;
use crate::domain::schedule;
use crate::domain::status::{IllegalTransition, Status};
use crate::store::{self, Operation};

impl Operation {
    const fn next(self, status: Status, outcome: &Outcome) -> Result<Status, IllegalTransition> {
        match self {
            Self::Charge => status.charged(outcome),
            Self::Refund => status.refunded(outcome),
        }
    }
}

impl Payments {
    /// Settles a payment and, for a request under a key, its answer. Somebody else's verdict that came first stands.
    pub(super) async fn settle(
        &self,
        payment: &Payment,
        operation: Operation,
        outcome: &Outcome,
        attempts: u32,
        claim: Option<&Claim>,
    ) -> ApiResult<(Payment, Answer)> {
        let mut tx = self.database.begin().await?;
        let gone = || ApiError::internal(anyhow::anyhow!("payment {} is gone", payment.id));
        let mut current = store::lock(&mut tx, payment.id, None).await?.ok_or_else(gone)?;
        let verdict = operation.next(current.status, outcome);
        if let Ok(status) = verdict {
            conclude(&mut current, status, outcome);
            let again_in = current.status.is_open().then(|| schedule::pause(attempts));
            store::update(&mut tx, &current, again_in).await?;
            if let Some(event) = current.event() {
                self.outbox.append(&mut tx, event).await?;
            }
        }
        store::record(&mut tx, current.id, operation, outcome).await?;
        let answer = answer::to_payment(&current).map_err(ApiError::internal)?;
        if let Some(claim) = claim {
            claim.complete(&mut tx, &answer).await?;
        }
        self.outbox.commit(tx).await?;
        if verdict.is_ok() {
            self.metrics.reached(&current);
        }
        tracing::info!(payment_id = %current.id, status = current.status.name(), "payment settled");
        Ok((current, answer))
    }
}

/// A charge's reference stays the one that refunds are asked for with.
fn conclude(payment: &mut Payment, status: Status, outcome: &Outcome) {
    payment.status = status;
    payment.updated_at = postgres::now();
    if status == Status::Processed && payment.provider_reference.is_none() {
        payment.provider_reference = outcome.reference().map(str::to_owned);
    }
    payment.failure_reason = match status {
        Status::Failed => outcome.reason().map(str::to_owned),
        Status::Initiated
        | Status::Pending
        | Status::Processed
        | Status::RefundPending
        | Status::Refunded => None,
    };
}
