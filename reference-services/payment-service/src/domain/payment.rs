//! A payment, and what is owed.

use chrono::{DateTime, Utc};
use ecotrack_events::{Event, Money};
use uuid::Uuid;

use super::events;
use super::method::Method;
use super::outcome::Outcome;
use super::refund::Refund;
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
    /// Records a payment of exactly what is owed.
    pub fn initiate(
        id: Uuid,
        debt: Debt,
        offered: Money,
        method: Method,
        now: DateTime<Utc>,
    ) -> Result<Self, AmountMismatch> {
        if offered != debt.amount {
            return Err(AmountMismatch);
        }
        Ok(Self {
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
        })
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

    /// The event that tells of a payment that was just recorded.
    #[must_use]
    pub fn initiated(&self) -> Event {
        events::initiated(self)
    }
}

#[cfg(test)]
mod tests {
    use ecotrack_events::Currency;
    use proptest::prelude::*;

    use super::*;

    fn debt(minor: i64) -> Debt {
        Debt {
            order_id: Uuid::now_v7(),
            user_id: Uuid::now_v7(),
            amount: Money::from_minor(minor, Currency::Usd),
        }
    }

    fn initiate(owed: i64, offered: Money) -> Result<Payment, AmountMismatch> {
        Payment::initiate(Uuid::now_v7(), debt(owed), offered, Method::CreditCard, Utc::now())
    }

    #[test]
    fn another_currency_is_another_amount() {
        assert_eq!(initiate(100, Money::from_minor(100, Currency::Eur)), Err(AmountMismatch));
    }

    #[test]
    fn every_attempt_at_a_charge_has_the_same_key() {
        let payment = initiate(100, Money::from_minor(100, Currency::Usd)).unwrap();
        assert_eq!(payment.charge_key(), payment.clone().charge_key());
    }

    #[test]
    fn an_open_question_is_no_news() {
        let mut payment = initiate(100, Money::from_minor(100, Currency::Usd)).unwrap();
        let unknown = Outcome::Unknown { reason: "timeout".to_owned() };
        assert_eq!(payment.charged(&unknown, Utc::now()), Ok(None));
        assert_eq!(payment.status, Status::Pending);
    }

    proptest! {
        #[test]
        fn only_the_exact_amount_is_taken(owed in 1..10_000_i64, offered in 1..10_000_i64) {
            let payment = initiate(owed, Money::from_minor(offered, Currency::Usd));
            prop_assert_eq!(payment.is_ok(), owed == offered);
        }
    }
}
