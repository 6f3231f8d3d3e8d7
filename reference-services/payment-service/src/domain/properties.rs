//! What holds for every payment, whatever happens in whatever order.

mod outside;

use chrono::Utc;
use ecotrack_events::{Currency, Event, Money};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use uuid::Uuid;

use super::method::Method;
use super::notice::{Contradiction, News, Notice};
use super::outcome::Outcome;
use super::payment::{Debt, Payment};
use super::refund::{RefundError, RefundStatus};
use super::status::Status;

const PAID: i64 = 1_000;

fn usd(minor: i64) -> Money {
    Money::from_minor(minor, Currency::Usd)
}

fn initiated() -> Payment {
    let debt = Debt { order_id: Uuid::now_v7(), user_id: Uuid::now_v7(), amount: usd(PAID) };
    Payment::initiate(Uuid::now_v7(), debt, Method::CreditCard, Utc::now())
}

fn processed() -> Payment {
    let mut payment = initiated();
    payment.charged(&accepted(), Utc::now()).unwrap();
    payment
}

fn accepted() -> Outcome {
    Outcome::Accepted { reference: "pi_1".to_owned() }
}

fn declined() -> Outcome {
    Outcome::Declined { reason: "refused".to_owned() }
}

fn unknown() -> Outcome {
    Outcome::Unknown { reason: "timeout".to_owned() }
}

fn notice(payment: &Payment, news: News) -> Notice {
    Notice { payment_id: payment.id, amount: payment.amount, news }
}

fn captured() -> News {
    News::Captured { reference: "pi_1".to_owned() }
}

fn refunded(total: i64) -> News {
    News::Refunded { reference: "pi_1".to_owned(), total: usd(total) }
}

/// Learns all of it; answers the events.
fn learn(payment: &mut Payment, news: &[News]) -> Vec<Event> {
    let learned = news.iter().map(|news| {
        let notice = notice(payment, news.clone());
        payment.learn(&notice, Utc::now()).unwrap()
    });
    learned.flatten().collect()
}

fn end(payment: &Payment) -> (Status, Money, Option<String>, Option<String>) {
    let payment = payment.clone();
    (payment.status, payment.refunded, payment.provider_reference, payment.failure_reason)
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![Just(accepted()), Just(declined()), Just(unknown())]
}

/// Everything a provider can truly say of one payment, in order.
fn any_story() -> impl Strategy<Value = Vec<News>> {
    let refunds = vec(1..PAID / 4, 0..4).prop_map(|parts| {
        let totals = parts.into_iter().scan(0, |total, part| {
            *total += part;
            Some(refunded(*total))
        });
        std::iter::once(captured()).chain(totals).collect()
    });
    prop_oneof![Just(vec![News::Declined { reason: "refused".to_owned() }]), refunds]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn shuffled_and_repeated_notices_end_where_they_end_in_order(
        story in any_story(),
        repeats in vec(any::<Index>(), 0..8),
        seed in vec(any::<u64>(), 12),
        asked_before in any_outcome(),
    ) {
        let mut told: Vec<_> = story.clone();
        told.extend(repeats.iter().map(|index| index.get(&story).clone()));
        let mut keyed: Vec<_> = told.into_iter().zip(&seed).collect();
        keyed.sort_by_key(|(_, key)| **key);
        // A story longer than the seed would lose its end: put what was cut off behind it.
        let mut shuffled: Vec<_> = keyed.into_iter().map(|(news, _)| news).collect();
        shuffled.extend(story.iter().filter(|news| !shuffled.contains(news)).cloned().collect::<Vec<_>>());

        let mut in_order = initiated();
        if matches!(asked_before, Outcome::Unknown { .. }) {
            in_order.charged(&asked_before, Utc::now()).unwrap();
        }
        let mut out_of_order = in_order.clone();
        let events = learn(&mut in_order, &story);
        let shuffled_events = learn(&mut out_of_order, &shuffled);
        prop_assert_eq!(end(&in_order), end(&out_of_order));
        prop_assert_eq!(gone_back(&events), gone_back(&shuffled_events));
        prop_assert_eq!(verdicts(&events), verdicts(&shuffled_events));
    }

    #[test]
    fn never_more_goes_back_than_was_taken(
        steps in vec((proptest::option::of(0..PAID * 2), any_outcome(), proptest::option::of(1..=PAID)), 1..20),
    ) {
        let mut payment = processed();
        let mut told = 0;
        for (asked, outcome, total) in steps {
            let started = payment.start_refund(Uuid::now_v7(), asked.map(usd), Utc::now());
            let mut events: Vec<_> = payment.refund_answered(&outcome, Utc::now()).into_iter().collect();
            if let Some(total) = total {
                let notice = notice(&payment, refunded(total));
                events.extend(payment.learn(&notice, Utc::now()).unwrap());
            }
            told += gone_back(&events);
            let back = payment.refunded.amount_minor();
            prop_assert!((0..=PAID).contains(&back), "{started:?}");
            prop_assert_eq!(told, back);
            let is_pending = payment.refund.as_ref().is_some_and(|refund| refund.status == RefundStatus::Pending);
            prop_assert_eq!(payment.status == Status::RefundPending, is_pending);
            prop_assert_eq!(payment.status == Status::Refunded, back == PAID && !is_pending);
        }
    }

    #[test]
    fn our_own_refund_counts_once_whoever_tells_of_it_first(amount in 1..=PAID, notice_first in any::<bool>()) {
        let mut payment = processed();
        payment.start_refund(Uuid::now_v7(), Some(usd(amount)), Utc::now()).unwrap();
        if notice_first {
            learn(&mut payment, &[refunded(amount)]);
            prop_assert_eq!(payment.refund_answered(&accepted(), Utc::now()), None);
        } else {
            payment.refund_answered(&accepted(), Utc::now());
            prop_assert!(learn(&mut payment, &[refunded(amount)]).is_empty());
        }
        prop_assert_eq!(payment.refunded, usd(amount));
        prop_assert_eq!(payment.refund.map(|refund| refund.status), Some(RefundStatus::Succeeded));
    }
}

fn gone_back(events: &[Event]) -> i64 {
    let amount = |event: &Event| {
        if let Event::PaymentRefunded(refund) = event { refund.amount.amount_minor() } else { 0 }
    };
    events.iter().map(amount).sum()
}

fn verdicts(events: &[Event]) -> Vec<&'static str> {
    let is_verdict =
        |event: &&Event| matches!(event, Event::PaymentProcessed(_) | Event::PaymentFailed(_));
    events.iter().filter(is_verdict).map(Event::event_type).collect()
}

#[test]
fn a_refused_refund_leaves_the_payment_as_it_was() {
    let mut payment = processed();
    payment.start_refund(Uuid::now_v7(), None, Utc::now()).unwrap();
    assert_eq!(payment.refund_answered(&declined(), Utc::now()), None);
    assert_eq!((payment.status, payment.refunded), (Status::Processed, usd(0)));
}

#[test]
fn one_refund_at_a_time() {
    let mut payment = processed();
    payment.start_refund(Uuid::now_v7(), Some(usd(1)), Utc::now()).unwrap();
    let second = payment.start_refund(Uuid::now_v7(), Some(usd(1)), Utc::now());
    assert_eq!(second, Err(RefundError::UnderWay));
}

#[test]
fn what_is_refunded_is_positive_and_of_the_same_currency() {
    for (asked, error) in [
        (usd(0), RefundError::Amount),
        (usd(-1), RefundError::Amount),
        (usd(PAID + 1), RefundError::Amount),
        (Money::from_minor(1, Currency::Eur), RefundError::Currency),
    ] {
        let refused = processed().start_refund(Uuid::now_v7(), Some(asked), Utc::now());
        assert_eq!(refused, Err(error));
    }
}

#[test]
fn a_notice_of_another_amount_changes_nothing() {
    let mut payment = initiated();
    for (amount, news) in [
        (usd(PAID - 1), captured()),
        (Money::from_minor(PAID, Currency::Eur), captured()),
        (usd(PAID), refunded(PAID + 1)),
    ] {
        let notice = Notice { payment_id: payment.id, amount, news };
        assert_eq!(payment.learn(&notice, Utc::now()), Err(Contradiction::Amount));
    }
    assert_eq!(payment.status, Status::Initiated);
}

#[test]
fn money_that_was_taken_is_not_declined_afterwards() {
    let mut payment = processed();
    let refused = notice(&payment, News::Declined { reason: "late".to_owned() });
    assert_eq!(payment.learn(&refused, Utc::now()), Err(Contradiction::Verdict));
}

#[test]
fn money_that_was_taken_after_its_payment_was_given_up_goes_back() {
    let mut failed = initiated();
    failed.charged(&declined(), Utc::now()).unwrap();
    for _ in 0..2 {
        assert!(learn(&mut failed, &[captured()]).is_empty());
        assert_eq!(failed.status, Status::RefundPending);
        assert_eq!(failed.refund.as_ref().map(|refund| refund.amount), Some(usd(PAID)));
    }
    let events: Vec<_> = failed.refund_answered(&accepted(), Utc::now()).into_iter().collect();
    assert_eq!((gone_back(&events), failed.status), (PAID, Status::Refunded));
    assert!(learn(&mut failed, &[captured(), refunded(PAID)]).is_empty());
}
