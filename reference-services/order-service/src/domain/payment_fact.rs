//! What an order makes of what it hears about its payment, in whatever order and however often it hears it.

use ecotrack_events::Money;
use uuid::Uuid;

use super::change::{CancelReason, Change};
use super::order::Order;
use super::status::Status;

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The money was taken.
    Processed,
    /// It was refused for good.
    Failed,
    /// Money went back.
    Refunded,
}

/// Something heard about a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentFact {
    /// Which payment.
    pub payment_id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// How much it is about; of a refund, all that has gone back so far.
    pub amount: Money,
    /// What became of it.
    pub outcome: Outcome,
}

/// A fact that cannot be true together with what the order knows. Somebody must look at it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// The order's life leaves no room for it.
    #[error("an order that is {status} cannot have a payment that is {outcome:?}")]
    Status {
        /// Where the order stands.
        status: Status,
        /// What was heard.
        outcome: Outcome,
    },
    /// The order has another payment.
    #[error("the order belongs to payment {known}, not to {heard}")]
    OtherPayment {
        /// The payment that was heard of first.
        known: Uuid,
        /// The payment that was heard of now.
        heard: Uuid,
    },
    /// Not what the order costs.
    #[error("the payment is not of the amount owed")]
    Amount,
}

impl Order {
    /// The steps a fact leads to: none when it is old news, several when what came between was not heard of yet.
    pub fn hear(&self, fact: &PaymentFact) -> Result<Vec<Change>, Contradiction> {
        if fact.outcome == Outcome::Failed && !self.let_in(fact.payment_id) {
            return Ok(self.after_failure_outside(fact));
        }
        if let Some(known) = self.payment_id.filter(|known| *known != fact.payment_id) {
            return Err(Contradiction::OtherPayment { known, heard: fact.payment_id });
        }
        let is_old_news = self.is_part(fact.amount) || self.was_given_up_with(fact.payment_id);
        if fact.outcome == Outcome::Refunded && is_old_news {
            return Ok(Vec::new());
        }
        if fact.amount != self.total {
            return Err(Contradiction::Amount);
        }
        let paid = Change::Paid { payment_id: fact.payment_id };
        let path = match fact.outcome {
            Outcome::Processed => vec![paid, Change::Completed],
            Outcome::Failed => vec![Change::Cancelled(CancelReason::PaymentFailed)],
            // Money that went back was taken before, whether or not we heard of it.
            Outcome::Refunded => vec![paid, Change::Completed, Change::Refunded],
        };
        self.rest_of(path)
            .ok_or(Contradiction::Status { status: self.status, outcome: fact.outcome })
    }

    /// Whether a payment was let in. Of one that was before payments said who they are, that is not known.
    fn let_in(&self, payment_id: Uuid) -> bool {
        match self.payment_id {
            Some(known) => known == payment_id,
            None => !matches!(self.status, Status::Created | Status::Cancelled),
        }
    }

    /// A payment failed that was never let in: payment-service gave it up without knowing how far it had come, or another one
    /// was faster. It ends an order that has no other, as any failed payment does, if it is what the customer owed: so it
    /// cannot be let in late, when nobody looks after it any more.
    fn after_failure_outside(&self, fact: &PaymentFact) -> Vec<Change> {
        let is_what_was_owed = (fact.user_id, fact.amount) == (self.user_id, self.total);
        if self.status == Status::Created && is_what_was_owed {
            vec![Change::Cancelled(CancelReason::PaymentFailed)]
        } else {
            Vec::new()
        }
    }

    /// Whether it ended with this payment. Money that was taken for it nevertheless goes back, and that is all.
    fn was_given_up_with(&self, payment_id: Uuid) -> bool {
        self.status == Status::Cancelled && self.payment_id == Some(payment_id)
    }

    /// A customer who got back a part has a completed order.
    fn is_part(&self, amount: Money) -> bool {
        amount.currency() == self.total.currency()
            && amount.amount_minor() < self.total.amount_minor()
    }

    /// What of a path is still ahead. None if the order is not on it.
    fn rest_of(&self, mut path: Vec<Change>) -> Option<Vec<Change>> {
        if self.status == Status::PaymentPending {
            return Some(path);
        }
        if let Some(reached) = path.iter().position(|change| change.status() == self.status) {
            return Some(path.split_off(reached + 1));
        }
        let is_beyond = self.status == Status::Refunded && path.contains(&Change::Completed);
        is_beyond.then(Vec::new)
    }
}

#[cfg(test)]
mod tests {
    use ecotrack_events::Currency;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::order::tests::order;

    const OUTCOMES: [Outcome; 3] = [Outcome::Processed, Outcome::Failed, Outcome::Refunded];

    fn fact(order: &Order, payment_id: Uuid, outcome: Outcome) -> PaymentFact {
        PaymentFact { payment_id, user_id: order.user_id, amount: order.total, outcome }
    }

    /// Applies what an order makes of a fact, each step by the rules of its life.
    fn follow(order: &mut Order, fact: &PaymentFact) -> Result<Vec<Change>, Contradiction> {
        let changes = order.hear(fact)?;
        for change in &changes {
            order.status = order.status.advance(change.status()).unwrap();
            if let Change::Paid { payment_id } = change {
                order.payment_id = Some(*payment_id);
            }
        }
        Ok(changes)
    }

    fn after(facts: &[Outcome]) -> Order {
        let (mut order, payment_id) = (order(Status::PaymentPending), Uuid::now_v7());
        for outcome in facts {
            let heard = fact(&order, payment_id, *outcome);
            follow(&mut order, &heard).ok();
        }
        order
    }

    #[test]
    fn a_paid_order_is_complete_at_once() {
        assert_eq!(after(&[Outcome::Processed]).status, Status::Completed);
    }

    #[test]
    fn a_refund_that_overtakes_the_payment_ends_where_the_two_would_in_turn() {
        let in_turn = [Outcome::Processed, Outcome::Refunded];
        let overtaken = [Outcome::Refunded, Outcome::Processed];
        assert_eq!(after(&in_turn).status, Status::Refunded);
        assert_eq!(after(&overtaken).status, Status::Refunded);
    }

    #[test]
    fn what_cannot_be_true_is_said_and_changes_nothing() {
        for (status, outcome) in [
            (Status::Created, Outcome::Processed),
            (Status::Cancelled, Outcome::Processed),
            (Status::Cancelled, Outcome::Refunded),
            (Status::Completed, Outcome::Failed),
            (Status::Refunded, Outcome::Failed),
        ] {
            let order = order(status);
            let heard = order.hear(&fact(&order, Uuid::now_v7(), outcome));
            assert_eq!(heard, Err(Contradiction::Status { status, outcome }));
        }
    }

    #[test]
    fn money_that_was_taken_for_a_payment_given_up_goes_back_without_a_word_from_its_order() {
        let payment_id = Uuid::now_v7();
        let order = Order { payment_id: Some(payment_id), ..order(Status::Cancelled) };
        let heard = order.hear(&fact(&order, payment_id, Outcome::Refunded));
        assert_eq!(heard, Ok(Vec::new()));
    }

    #[test]
    fn an_order_has_one_payment() {
        let mut order = order(Status::PaymentPending);
        let (known, heard) = (Uuid::now_v7(), Uuid::now_v7());
        let first = fact(&order, known, Outcome::Processed);
        follow(&mut order, &first).unwrap();
        let second = order.hear(&fact(&order, heard, Outcome::Refunded));
        assert_eq!(second, Err(Contradiction::OtherPayment { known, heard }));
    }

    #[test]
    fn a_payment_that_was_never_let_in_ends_the_order_it_was_meant_for_and_no_other() {
        let order = order(Status::Created);
        let failed = fact(&order, Uuid::now_v7(), Outcome::Failed);
        let cancelled = vec![Change::Cancelled(CancelReason::PaymentFailed)];
        assert_eq!(order.hear(&failed), Ok(cancelled));
        let foreign = PaymentFact { user_id: Uuid::now_v7(), ..failed };
        let other_amount = PaymentFact { amount: Money::from_minor(1, Currency::Eur), ..failed };
        for stray in [foreign, other_amount] {
            assert_eq!(order.hear(&stray), Ok(Vec::new()));
        }
        let over = Order { status: Status::Cancelled, ..order };
        assert_eq!(over.hear(&foreign), Ok(Vec::new()));
    }

    #[test]
    fn that_a_payment_failed_which_another_one_forestalled_is_no_news() {
        for status in [Status::PaymentPending, Status::Completed, Status::Refunded] {
            let order = Order { payment_id: Some(Uuid::now_v7()), ..order(status) };
            let heard = order.hear(&fact(&order, Uuid::now_v7(), Outcome::Failed));
            assert_eq!(heard, Ok(Vec::new()), "{status}");
        }
    }

    #[test]
    fn a_payment_of_another_amount_pays_nothing() {
        let order = order(Status::PaymentPending);
        let amount = Money::from_minor(1, Currency::Eur);
        let heard = PaymentFact { amount, ..fact(&order, Uuid::now_v7(), Outcome::Processed) };
        assert_eq!(order.hear(&heard), Err(Contradiction::Amount));
    }

    #[test]
    fn an_order_is_refunded_once_all_of_its_money_went_back() {
        let mut order = order(Status::PaymentPending);
        let paid = fact(&order, Uuid::now_v7(), Outcome::Processed);
        follow(&mut order, &paid).unwrap();
        let part = Money::from_minor(order.total.amount_minor() - 1, order.total.currency());
        let heard = |amount| PaymentFact { amount, outcome: Outcome::Refunded, ..paid };
        assert_eq!(order.hear(&heard(part)), Ok(Vec::new()));
        assert_eq!(order.hear(&heard(order.total)), Ok(vec![Change::Refunded]));
    }

    fn any_outcome() -> impl Strategy<Value = Outcome> {
        proptest::sample::select(OUTCOMES.to_vec())
    }

    proptest! {
        #[test]
        fn whatever_is_heard_every_step_is_legal_and_none_is_made_twice(
            facts in proptest::collection::vec((any_outcome(), any::<bool>()), 0..20),
        ) {
            let (mut order, mine) = (order(Status::PaymentPending), Uuid::now_v7());
            let mut made = Vec::new();
            for (outcome, is_mine) in facts {
                let heard = fact(&order, if is_mine { mine } else { Uuid::now_v7() }, outcome);
                // `follow` unwraps each step, so an illegal one fails here.
                for change in follow(&mut order, &heard).unwrap_or_default() {
                    prop_assert!(!made.contains(&change.status()), "{change:?} again");
                    made.push(change.status());
                }
            }
            let took_money = made.contains(&Status::Paid);
            prop_assert!(!(took_money && made.contains(&Status::Cancelled)));
        }

        #[test]
        fn shuffled_and_repeated_news_of_a_paid_order_end_as_in_turn(
            news in Just(vec![Outcome::Processed, Outcome::Refunded, Outcome::Processed, Outcome::Refunded]).prop_shuffle(),
        ) {
            prop_assert_eq!(after(&news).status, Status::Refunded);
        }

        #[test]
        fn old_news_is_no_contradiction(times in 1..5_usize, outcome in any_outcome()) {
            let (mut order, payment_id) = (order(Status::PaymentPending), Uuid::now_v7());
            let heard = fact(&order, payment_id, outcome);
            prop_assert!(!follow(&mut order, &heard).unwrap().is_empty());
            for _ in 0..times {
                prop_assert_eq!(follow(&mut order, &heard), Ok(Vec::new()));
            }
        }
    }
}
