//! A payment, and what is owed.

use chrono::{DateTime, Utc};
use ecotrack_events::{Event, Money};
use uuid::Uuid;

use super::events;
use super::method::Method;
use super::outcome::Outcome;
use super::refund::Refund;
use super::schedule;
use super::status::{IllegalTransition, Status};

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id, which also makes the provider's idempotency keys.
    pub id: Uuid,
    /// The order it pays.
    pub order_id: Uuid,
    /// Who pays.
    pub user_id: Uuid,
    /// What is paid.
    pub amount: Money,
    /// How it is paid.
    pub method: Method,
    /// Where it stands.
    pub status: Status,
    /// What has gone back; never more than was paid.
    pub refunded: Money,
    /// The refund at hand, if there is one: the one on its way, or the one that was asked about.
    pub refund: Option<Refund>,
    /// The provider's own id of the charge.
    pub provider_reference: Option<String>,
    /// Why it failed, in a word.
    pub failure_reason: Option<String>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When its status last changed.
    pub updated_at: DateTime<Utc>,
}

/// What the order says is owed, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debt {
    /// The order.
    pub order_id: Uuid,
    /// Who owes.
    pub user_id: Uuid,
    /// How much.
    pub amount: Money,
}

/// The customer offers another amount than is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amount is not what the order costs")]
pub struct AmountMismatch;

impl Payment {
    /// A payment of exactly what is owed. [`super::intent::Intent::opened`] makes one.
    #[must_use]
    pub fn initiate(id: Uuid, debt: Debt, method: Method, now: DateTime<Utc>) -> Self {
        Self {
            id,
            order_id: debt.order_id,
            user_id: debt.user_id,
            amount: debt.amount,
            method,
            status: Status::Initiated,
            refunded: Money::from_minor(0, debt.amount.currency()),
            refund: None,
            provider_reference: None,
            failure_reason: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether a request may still ask the provider for the money: nobody knows the outcome, and there is time left until the charge
    /// is not begun any more.
    #[must_use]
    pub fn may_be_asked_for(&self, now: DateTime<Utc>) -> bool {
        matches!(self.status, Status::Initiated | Status::Pending)
            && schedule::may_ask(self.created_at, now)
    }

    /// The same key for every attempt at this charge: the provider takes the money once.
    #[must_use]
    pub fn charge_key(&self) -> String {
        #[cfg(feature = "planted-new-key-on-retry")]
        return format!("charge-{}", Uuid::now_v7());
        #[cfg(not(feature = "planted-new-key-on-retry"))]
        format!("charge-{}", self.id)
    }

    /// Takes in what the provider said to the charge. The event tells of it, if there is news; an open question is none.
    pub fn charged(
        &mut self,
        outcome: &Outcome,
        now: DateTime<Utc>,
    ) -> Result<Option<Event>, IllegalTransition> {
        self.status = self.status.charged(outcome)?;
        self.updated_at = now;
        match outcome {
            Outcome::Accepted { reference } => self.provider_reference = Some(reference.clone()),
            Outcome::Declined { reason } => self.failure_reason = Some(reason.clone()),
            Outcome::Unknown { .. } => return Ok(None),
        }
        Ok(if self.status == Status::Failed {
            Some(events::failed(self))
        } else {
            Some(events::processed(self))
        })
    }

    /// Takes in an answer that came when the payment had been given up. Money that was taken nevertheless goes back; says whether
    /// that is so.
    pub fn charged_late(&mut self, outcome: &Outcome, now: DateTime<Utc>) -> bool {
        match outcome {
            Outcome::Accepted { reference } if self.status == Status::Failed => {
                self.take_back(reference, now);
                true
            }
            Outcome::Accepted { .. } | Outcome::Declined { .. } | Outcome::Unknown { .. } => false,
        }
    }

    /// The event that tells of a payment that was just recorded.
    #[must_use]
    pub fn initiated(&self) -> Event {
        events::initiated(self)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use ecotrack_events::Currency;

    use super::*;

    fn payment() -> Payment {
        let amount = Money::from_minor(100, Currency::Usd);
        let debt = Debt { order_id: Uuid::now_v7(), user_id: Uuid::now_v7(), amount };
        Payment::initiate(Uuid::now_v7(), debt, Method::CreditCard, Utc::now())
    }

    #[test]
    fn every_attempt_at_a_charge_has_the_same_key() {
        let payment = payment();
        assert_eq!(payment.charge_key(), payment.clone().charge_key());
    }

    #[test]
    fn an_open_question_is_no_news() {
        let mut payment = payment();
        let unknown = Outcome::Unknown { reason: "timeout".to_owned() };
        assert_eq!(payment.charged(&unknown, Utc::now()), Ok(None));
        assert_eq!(payment.status, Status::Pending);
    }

    #[test]
    fn only_money_that_was_taken_for_a_payment_given_up_goes_back() {
        let taken = Outcome::Accepted { reference: "pi_1".to_owned() };
        for status in Status::ALL {
            let mut payment = Payment { status, ..payment() };
            let is_late = payment.charged_late(&taken, Utc::now());
            assert_eq!(is_late, status == Status::Failed, "{status}");
            assert_eq!(
                payment.status == Status::RefundPending,
                is_late || status == Status::RefundPending
            );
        }
    }

    #[test]
    fn money_is_asked_for_while_its_outcome_is_open_and_not_late() {
        for status in Status::ALL {
            let payment = Payment { status, ..payment() };
            let is_open = matches!(status, Status::Initiated | Status::Pending);
            assert_eq!(payment.may_be_asked_for(payment.created_at), is_open, "{status}");
            let late = payment.created_at + TimeDelta::minutes(10);
            assert!(!payment.may_be_asked_for(late), "{status}");
        }
    }
}
