//! Refunds made outside, beside our own: an operator pays back at the provider's console too.

use std::collections::HashMap;

use chrono::Utc;
use ecotrack_events::Event;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use uuid::Uuid;

use super::{PAID, accepted, declined, gone_back, learn, processed, refunded, unknown, usd};
use crate::domain::notice::News;
use crate::domain::outcome::Outcome;
use crate::domain::payment::Payment;
use crate::domain::refund::RefundStatus;
use crate::domain::status::Status;

/// The provider's own books.
#[derive(Default)]
struct Provider {
    /// All that has gone back.
    back: i64,
    /// What it tells of that, one total after each refund.
    told: Vec<i64>,
    /// Our refunds, and whether it carried them out.
    ours: HashMap<Uuid, bool>,
}

impl Provider {
    fn pay_back(&mut self, amount: i64) -> bool {
        let fits = self.back + amount <= PAID;
        if fits {
            self.back += amount;
            self.told.push(self.back);
        }
        fits
    }

    /// Carries out our refund at hand, once, and says how that ended.
    fn asked(&mut self, payment: &Payment) -> Outcome {
        let Some(refund) = &payment.refund else { return unknown() };
        let known = self.ours.get(&refund.id).copied();
        let is_done = known.unwrap_or_else(|| self.pay_back(refund.amount.amount_minor()));
        self.ours.insert(refund.id, is_done);
        if is_done { accepted() } else { declined() }
    }

    fn total(&self, index: Index) -> Option<News> {
        (!self.told.is_empty()).then(|| refunded(*index.get(&self.told)))
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// An operator pays back.
    Outside(i64),
    /// We want to pay back.
    Begin(i64),
    /// The provider hears of it, we do not hear of the provider.
    AnswerLost,
    /// The provider is asked and answers.
    Answer,
    /// One of the provider's reports arrives.
    Report(Index),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..PAID).prop_map(Step::Outside),
        (1..PAID).prop_map(Step::Begin),
        Just(Step::AnswerLost),
        Just(Step::Answer),
        any::<Index>().prop_map(Step::Report),
    ]
}

fn take(step: &Step, payment: &mut Payment, provider: &mut Provider) -> Vec<Event> {
    let mut news = Vec::new();
    match step {
        Step::Outside(amount) => {
            provider.pay_back(*amount);
        }
        // What is too much is refused, and so is a second one.
        Step::Begin(amount) => {
            payment.start_refund(Uuid::now_v7(), Some(usd(*amount)), Utc::now()).ok();
        }
        Step::AnswerLost => drop(provider.asked(payment)),
        Step::Answer => {
            let outcome = provider.asked(payment);
            news.extend(payment.refund_answered(&outcome, Utc::now()));
        }
        Step::Report(index) => {
            news.extend(
                provider.total(*index).map(|told| learn(payment, &[told])).into_iter().flatten(),
            );
        }
    }
    news
}

/// How the refund at hand stands, and what the provider made of it.
fn verdict(payment: &Payment, provider: &Provider) -> Option<(RefundStatus, Option<bool>)> {
    payment.refund.as_ref().map(|refund| (refund.status, provider.ours.get(&refund.id).copied()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn our_own_refund_ends_as_the_provider_says_whatever_goes_back_outside(steps in vec(any_step(), 0..30)) {
        let (mut payment, mut provider, mut told) = (processed(), Provider::default(), 0);
        for step in &steps {
            told += gone_back(&take(step, &mut payment, &mut provider));
            let is_true = match verdict(&payment, &provider) {
                Some((RefundStatus::Succeeded, made)) => made == Some(true),
                Some((RefundStatus::Failed, made)) => made == Some(false),
                Some((RefundStatus::Pending, _)) => payment.status == Status::RefundPending,
                None => true,
            };
            prop_assert!(is_true, "{step:?}: {payment:?}");
            prop_assert!(payment.refunded.amount_minor() <= provider.back, "{step:?}: {payment:?}");
            prop_assert_eq!(told, payment.refunded.amount_minor());
        }
        told += gone_back(&take(&Step::Answer, &mut payment, &mut provider));
        let last = provider.told.last().map(|total| refunded(*total));
        told += gone_back(&learn(&mut payment, last.as_slice()));
        prop_assert_eq!((told, payment.refunded), (provider.back, usd(provider.back)));
        prop_assert_eq!(payment.status == Status::Refunded, provider.back == PAID);
    }
}

#[test]
fn a_refund_made_outside_does_not_stand_for_our_own() {
    let mut payment = processed();
    payment.start_refund(Uuid::now_v7(), Some(usd(300)), Utc::now()).unwrap();
    let events = learn(&mut payment, &[refunded(400)]);
    assert_eq!(refund_ids(&events), [None]);
    assert_eq!((payment.status, payment.refunded), (Status::RefundPending, usd(400)));
    // The 400 may be told of ours or not; the provider's next total says.
    assert_eq!(payment.refund_answered(&accepted(), Utc::now()), None);
    assert_eq!((payment.status, payment.refunded), (Status::PartiallyRefunded, usd(400)));
    assert_eq!(gone_back(&learn(&mut payment, &[refunded(700)])), 300);
}

#[test]
fn our_own_refund_adds_to_a_total_that_is_too_small_to_tell_of_it() {
    let mut payment = processed();
    let id = Uuid::now_v7();
    payment.start_refund(id, Some(usd(300)), Utc::now()).unwrap();
    learn(&mut payment, &[refunded(200)]);
    let events: Vec<_> = payment.refund_answered(&accepted(), Utc::now()).into_iter().collect();
    assert_eq!((gone_back(&events), refund_ids(&events)), (300, vec![Some(id)]));
    assert!(learn(&mut payment, &[refunded(500)]).is_empty());
}

#[test]
fn all_of_it_having_gone_back_does_not_end_our_own_refund() {
    let mut payment = processed();
    payment.start_refund(Uuid::now_v7(), Some(usd(300)), Utc::now()).unwrap();
    learn(&mut payment, &[refunded(PAID)]);
    assert_eq!((payment.status, payment.refunded), (Status::RefundPending, usd(PAID)));
    assert_eq!(payment.refund_answered(&declined(), Utc::now()), None);
    assert_eq!((payment.status, payment.refunded), (Status::Refunded, usd(PAID)));
}

fn refund_ids(events: &[Event]) -> Vec<Option<Uuid>> {
    let id = |event: &Event| {
        if let Event::PaymentRefunded(refund) = event { Some(refund.refund_id) } else { None }
    };
    events.iter().filter_map(id).collect()
}
