//! Payments whose outcome nobody knows: the provider is asked what became of them until it says.

use ecotrack_chassis::continuation;
use ecotrack_chassis::postgres;
use ecotrack_chassis::workers::Progress;
use tracing::Span;

use super::Payments;
use super::pay::processing_span;
use crate::clients::Asker;
use crate::domain::method::Method;
use crate::domain::outcome::{Lookup, Outcome};
use crate::domain::payment::Payment;
use crate::domain::refund::Refund;
use crate::domain::schedule;
use crate::store::{self, Open};

impl Payments {
    /// Asks about one payment of a method that is due.
    pub(crate) async fn reconcile_one(&self, method: Method) -> anyhow::Result<Progress> {
        let mut conn = self.database.acquire().await?;
        let Some(open) = store::take_due(&mut conn, method, schedule::PATIENCE).await? else {
            return Ok(Progress::Idle);
        };
        drop(conn);
        let payment = &open.payment;
        let span = processing_span(payment.id, payment.order_id, payment.amount, payment.method);
        continuation::resume(&open.context, "payments", span, self.ask_again(&open)).await?;
        Ok(Progress::Worked)
    }

    async fn ask_again(&self, open: &Open) -> anyhow::Result<()> {
        let (payment, attempts) = (&open.payment, open.attempts);
        let settled = if let Some(refund) = &payment.refund {
            let outcome = self.refund_outcome(payment, refund).await;
            self.settle_refund(payment.id, refund.id, &outcome, attempts, None).await
        } else {
            let outcome = self.charge_outcome(open).await;
            self.settle_charge(payment.id, &outcome, attempts, None).await
        };
        let (payment, _) = settled.map_err(|error| {
            anyhow::anyhow!("payment {} was not settled: {error:?}", payment.id)
        })?;
        Span::current().record("status", payment.status.name());
        Ok(())
    }

    /// Looks the charge up by our own id. Only if the provider has never heard of it the same request is sent again, under the
    /// same key: should the first one still be on its way, the provider carries out one of them.
    async fn charge_outcome(&self, open: &Open) -> Outcome {
        let payment = &open.payment;
        match (self.providers.find_charge(payment).await, &open.token) {
            (Lookup::Found(outcome), _) => outcome,
            (Lookup::Unknown { reason }, _) => Outcome::Unknown { reason },
            (Lookup::Missing, Some(token))
                if schedule::may_charge(payment.created_at, postgres::now()) =>
            {
                self.providers.charge(Asker::Reconciler, payment, token).await
            }
            (Lookup::Missing, _) => Outcome::Declined { reason: "expired".to_owned() },
        }
    }

    async fn refund_outcome(&self, payment: &Payment, refund: &Refund) -> Outcome {
        match self.providers.find_refund(payment, refund).await {
            Lookup::Found(outcome) => outcome,
            Lookup::Unknown { reason } => Outcome::Unknown { reason },
            Lookup::Missing => self.providers.refund(Asker::Reconciler, payment, refund).await,
        }
    }
}
