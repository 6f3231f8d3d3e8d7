//! Payments whose outcome nobody knows: the provider is asked again, under the same key, until it says.

use ecotrack_chassis::continuation;
use ecotrack_chassis::workers::Progress;
use tracing::Span;

use super::Payments;
use super::pay::processing_span;
use crate::domain::outcome::Outcome;
use crate::domain::schedule;
use crate::domain::status::Status;
use crate::store::{self, Open, Operation};

impl Payments {
    /// Asks about one payment that is due.
    pub(crate) async fn reconcile_one(&self) -> anyhow::Result<Progress> {
        let mut conn = self.database.acquire().await?;
        let Some(open) = store::take_due(&mut conn, schedule::PATIENCE).await? else {
            return Ok(Progress::Idle);
        };
        drop(conn);
        let payment = &open.payment;
        let span = processing_span(payment.id, payment.order_id, payment.amount, payment.method);
        continuation::resume(&open.context, "payments", span, self.ask_again(&open)).await?;
        Ok(Progress::Worked)
    }

    async fn ask_again(&self, open: &Open) -> anyhow::Result<()> {
        let payment = &open.payment;
        let (operation, outcome) = match (payment.status, &open.token) {
            (Status::RefundPending, _) => (Operation::Refund, self.providers.refund(payment).await),
            (_, Some(token)) => (Operation::Charge, self.providers.charge(payment, token).await),
            (_, None) => (Operation::Charge, Outcome::Unknown { reason: "no_token".to_owned() }),
        };
        let settled = self.settle(payment, operation, &outcome, open.attempts, None).await;
        let (payment, _) = settled.map_err(|error| {
            anyhow::anyhow!("payment {} was not settled: {error:?}", payment.id)
        })?;
        Span::current().record("status", payment.status.name());
        Ok(())
    }
}
