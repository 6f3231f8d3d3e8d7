//! Refunds: the whole payment or a part of it, one at a time, in all never more than was taken.

use chrono::{DateTime, Utc};
use ecotrack_events::{Event, Money};
use uuid::Uuid;

use super::events;
use super::outcome::Outcome;
use super::payment::Payment;
use super::status::{IllegalTransition, Status};

/// Money on its way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Its id, which also makes the provider's idempotency key.
    pub id: Uuid,
    /// How much.
    pub amount: Money,
    /// A total below this, in minor units, does not tell of this refund; one from here on may, and may tell of others instead.
    pub covered_at: i64,
    /// Where it stands.
    pub status: RefundStatus,
    /// The provider's own id of it.
    pub provider_reference: Option<String>,
    /// Why the provider refused, in a word.
    pub failure_reason: Option<String>,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStatus {
    /// The provider is being asked, or its answer is not known.
    Pending,
    /// The money went back.
    Succeeded,
    /// The provider refused.
    Failed,
}

impl RefundStatus {
    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Succeeded, Self::Failed]
            .into_iter()
            .find(|status| status.name() == name)
    }
}

/// Why money does not go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundError {
    /// Another refund is under way; its end decides what is left.
    #[error("another refund of this payment is under way")]
    UnderWay,
    /// There is nothing to pay back.
    #[error(transparent)]
    Status(#[from] IllegalTransition),
    /// Not in the currency that was paid.
    #[error("the payment was made in another currency")]
    Currency,
    /// Nothing, or more than is left.
    #[error("must be more than zero and at most what is left of the payment")]
    Amount,
}

impl Refund {
    /// The same key for every attempt at this refund: the money goes back once.
    #[must_use]
    pub fn key(&self) -> String {
        format!("refund-{}", self.id)
    }

    /// What has gone back in all once this has, if so much had by what was told. A total that may tell of it already is not added to:
    /// the provider's next one puts right what is then too little, and nothing puts right too much.
    const fn total_after(&self, told: i64) -> i64 {
        if told < self.covered_at { told + self.amount.amount_minor() } else { told }
    }
}

impl Payment {
    /// Begins to pay back: so much, or all that is left.
    pub fn start_refund(
        &mut self,
        id: Uuid,
        asked: Option<Money>,
        now: DateTime<Utc>,
    ) -> Result<(), RefundError> {
        if self.status == Status::RefundPending {
            return Err(RefundError::UnderWay);
        }
        let status = self.status.start_refund()?;
        let left = self.amount.amount_minor() - self.refunded.amount_minor();
        let amount = asked.unwrap_or(Money::from_minor(left, self.amount.currency()));
        if amount.currency() != self.amount.currency() {
            return Err(RefundError::Currency);
        }
        if !(1..=left).contains(&amount.amount_minor()) {
            return Err(RefundError::Amount);
        }
        self.send_back(id, amount);
        (self.status, self.updated_at) = (status, now);
        Ok(())
    }

    /// Puts a refund on its way.
    pub(super) fn send_back(&mut self, id: Uuid, amount: Money) {
        self.refund = Some(Refund {
            id,
            amount,
            covered_at: self.refunded.amount_minor() + amount.amount_minor(),
            status: RefundStatus::Pending,
            provider_reference: None,
            failure_reason: None,
        });
    }

    /// Takes in what the provider said to the refund at hand: nothing else ends it. Somebody else's word that came first stands.
    pub fn refund_answered(&mut self, outcome: &Outcome, now: DateTime<Utc>) -> Option<Event> {
        let refund =
            self.refund.as_mut().filter(|refund| refund.status == RefundStatus::Pending)?;
        match outcome {
            Outcome::Unknown { .. } => None,
            Outcome::Declined { reason } => {
                refund.status = RefundStatus::Failed;
                refund.failure_reason = Some(reason.clone());
                self.gone_back(self.refunded.amount_minor(), None, now)
            }
            Outcome::Accepted { reference } => {
                refund.status = RefundStatus::Succeeded;
                refund.provider_reference = Some(reference.clone());
                let (id, total) = (refund.id, refund.total_after(self.refunded.amount_minor()));
                self.gone_back(total, Some(id), now)
            }
        }
    }

    /// So much has gone back in all; the event tells how much of it is new, and by which refund if it was one of ours. A refund that
    /// is on its way stays there: somebody else may have paid back as much.
    pub(super) fn gone_back(
        &mut self,
        total: i64,
        refund: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Option<Event> {
        let (amount, currency) = (self.amount.amount_minor(), self.amount.currency());
        let (before, total) = (self.refunded.amount_minor(), total.min(amount));
        self.refunded = Money::from_minor(total.max(before), currency);
        (self.status, self.updated_at) = (self.standing(), now);
        let new = total - before;
        (new > 0).then(|| events::refunded(self, Money::from_minor(new, currency), refund))
    }

    /// The status of a payment whose money was taken.
    fn standing(&self) -> Status {
        let is_pending = |refund: &Refund| refund.status == RefundStatus::Pending;
        if self.refund.as_ref().is_some_and(is_pending) {
            Status::RefundPending
        } else if self.refunded == self.amount {
            Status::Refunded
        } else if self.refunded.amount_minor() > 0 {
            Status::PartiallyRefunded
        } else {
            Status::Processed
        }
    }
}
