//! Money that was taken for a payment that was given up, and whose order is cancelled: all of it goes back.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::payment::Payment;
use super::refund::{Refund, RefundStatus};
use super::status::Status;

impl Payment {
    /// All of it goes back, by a refund that has the payment's own id.
    pub(super) fn take_back(&mut self, reference: &str, now: DateTime<Utc>) {
        self.provider_reference = Some(reference.to_owned());
        self.send_back(self.id, self.amount);
        (self.status, self.updated_at) = (Status::RefundPending, now);
    }

    /// Takes back what is left, if there is any and nothing is on its way; says whether that is so. Somebody may have paid back a part
    /// while we asked for all. As much as was just refused is not asked for again: somebody has to look at that, see
    /// [`Payment::keeps_money`].
    pub fn take_back_rest(&mut self, id: Uuid, now: DateTime<Utc>) -> bool {
        let left = self.amount.amount_minor() - self.refunded.amount_minor();
        let is_refused = |refund: &Refund| {
            refund.status == RefundStatus::Failed && refund.amount.amount_minor() <= left
        };
        self.was_given_up()
            && !self.refund.as_ref().is_some_and(is_refused)
            && self.start_refund(id, None, now).is_ok()
    }

    /// Whether money was taken after the payment was given up and does not go back.
    #[must_use]
    pub const fn keeps_money(&self) -> bool {
        self.was_given_up() && self.status.start_refund().is_ok()
    }

    /// Whether it failed, whatever became known later: why it did stays written.
    #[must_use]
    pub const fn was_given_up(&self) -> bool {
        self.failure_reason.is_some()
    }
}

#[cfg(test)]
mod tests {
    use ecotrack_events::{Currency, Money};

    use super::*;
    use crate::domain::method::Method;
    use crate::domain::notice::{News, Notice};
    use crate::domain::outcome::Outcome;
    use crate::domain::payment::Debt;

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, Currency::Usd)
    }

    fn declined() -> Outcome {
        Outcome::Declined { reason: "refused".to_owned() }
    }

    fn accepted() -> Outcome {
        Outcome::Accepted { reference: "re_1".to_owned() }
    }

    fn learn(payment: &mut Payment, news: News) {
        let notice = Notice { payment_id: payment.id, amount: payment.amount, news };
        payment.learn(&notice, Utc::now()).unwrap();
    }

    /// So much of it went back outside.
    fn told(payment: &mut Payment, total: i64) {
        learn(payment, News::Refunded { reference: "pi_1".to_owned(), total: usd(total) });
    }

    /// 100 were taken late, and are on their way back.
    fn taken_late() -> Payment {
        let debt = Debt { order_id: Uuid::now_v7(), user_id: Uuid::now_v7(), amount: usd(100) };
        let mut payment = Payment::initiate(Uuid::now_v7(), debt, Method::CreditCard, Utc::now());
        payment.charged(&declined(), Utc::now()).unwrap();
        learn(&mut payment, News::Captured { reference: "pi_1".to_owned() });
        payment
    }

    fn rest(payment: &mut Payment) -> Option<Money> {
        let is_begun = payment.take_back_rest(Uuid::now_v7(), Utc::now());
        payment.refund.as_ref().filter(|_| is_begun).map(|refund| refund.amount)
    }

    #[test]
    fn what_is_left_is_taken_back_once_all_of_it_was_refused() {
        let mut payment = taken_late();
        told(&mut payment, 40);
        assert_eq!(rest(&mut payment), None, "the first is on its way");
        payment.refund_answered(&declined(), Utc::now());
        assert!(payment.keeps_money());
        assert_eq!(rest(&mut payment), Some(usd(60)));
        assert_ne!(payment.refund.as_ref().map(|refund| refund.id), Some(payment.id));
        assert_eq!((payment.status, payment.keeps_money()), (Status::RefundPending, false));
        payment.refund_answered(&accepted(), Utc::now());
        assert_eq!((payment.status, payment.refunded), (Status::Refunded, usd(100)));
        assert_eq!(rest(&mut payment), None);
    }

    #[test]
    fn as_much_as_was_refused_is_not_asked_for_again_until_there_is_news() {
        let mut payment = taken_late();
        payment.refund_answered(&declined(), Utc::now());
        assert_eq!((rest(&mut payment), payment.keeps_money()), (None, true));
        // A refund that is over is at hand only where it was asked about.
        payment.refund = None;
        told(&mut payment, 40);
        assert_eq!(rest(&mut payment), Some(usd(60)));
    }

    #[test]
    fn a_payment_that_was_not_given_up_keeps_what_the_provider_does_not_pay_back() {
        let mut payment = taken_late();
        payment.failure_reason = None;
        told(&mut payment, 40);
        payment.refund_answered(&declined(), Utc::now());
        assert_eq!((rest(&mut payment), payment.keeps_money()), (None, false));
        assert_eq!(payment.status, Status::PartiallyRefunded);
    }
}
