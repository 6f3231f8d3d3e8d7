//! A payment before it is one: written down, and perhaps opened at order-service.

use chrono::{DateTime, Utc};
use ecotrack_events::{Event, Money};
use uuid::Uuid;

use super::method::Method;
use super::outcome::Outcome;
use super::payment::{Debt, Payment};

/// Why a payment that nobody looked after any more failed.
const ABANDONED: &str = "abandoned";

/// What somebody is about to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intent {
    /// The id of the payment it becomes.
    pub payment_id: Uuid,
    /// What is offered, for which order, by whom.
    pub offer: Debt,
    /// How it is paid.
    pub method: Method,
}

impl Intent {
    /// The payment it becomes once order-service says what is owed.
    #[must_use]
    pub fn opened(&self, debt: Debt, now: DateTime<Utc>) -> Option<Payment> {
        (debt == self.offer).then(|| Payment::initiate(self.payment_id, debt, self.method, now))
    }

    /// The payment it would have become, and the events that tell of its short life: nobody ever asks a provider for it.
    #[must_use]
    pub fn abandoned(&self, now: DateTime<Utc>) -> (Payment, Vec<Event>) {
        let mut payment = Payment::initiate(self.payment_id, self.offer, self.method, now);
        let mut events = vec![payment.initiated()];
        let outcome = Outcome::Declined { reason: ABANDONED.to_owned() };
        // A payment that was just initiated can be declined.
        events.extend(payment.charged(&outcome, now).ok().flatten());
        (payment, events)
    }

    /// How much it is of.
    #[must_use]
    pub const fn amount(&self) -> Money {
        self.offer.amount
    }
}

#[cfg(test)]
mod tests {
    use ecotrack_events::Currency;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::status::Status;

    fn intent(minor: i64) -> Intent {
        let amount = Money::from_minor(minor, Currency::Usd);
        let offer = Debt { order_id: Uuid::now_v7(), user_id: Uuid::now_v7(), amount };
        Intent { payment_id: Uuid::now_v7(), offer, method: Method::CreditCard }
    }

    fn owed(intent: &Intent, amount: Money) -> Debt {
        Debt { amount, ..intent.offer }
    }

    #[test]
    fn another_currency_is_another_amount() {
        let intent = intent(100);
        let owed = owed(&intent, Money::from_minor(100, Currency::Eur));
        assert_eq!(intent.opened(owed, Utc::now()), None);
    }

    #[test]
    fn what_somebody_else_owes_is_not_paid() {
        let intent = intent(100);
        let owed = Debt { user_id: Uuid::now_v7(), ..intent.offer };
        assert_eq!(intent.opened(owed, Utc::now()), None);
    }

    #[test]
    fn one_that_is_given_up_has_a_life_with_a_beginning_and_an_end() {
        let (payment, events) = intent(100).abandoned(Utc::now());
        assert_eq!(payment.status, Status::Failed);
        let types: Vec<_> = events.iter().map(Event::event_type).collect();
        assert_eq!(types, ["PaymentInitiatedEvent", "PaymentFailedEvent"]);
    }

    proptest! {
        #[test]
        fn only_the_exact_amount_is_taken(due in 1..10_000_i64, offered in 1..10_000_i64) {
            let intent = intent(offered);
            let owed = owed(&intent, Money::from_minor(due, Currency::Usd));
            prop_assert_eq!(intent.opened(owed, Utc::now()).is_some(), due == offered);
        }
    }
}
