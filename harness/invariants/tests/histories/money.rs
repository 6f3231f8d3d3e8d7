//! I3: one order per key, one charge per order.

use ecotrack_invariants::journal::Answer;
use ecotrack_invariants::judge::Invariant::{I2, I3, I5, I7};
use ecotrack_invariants::observed::Entry;
use serde_json::json;

use crate::world::{PRICE, World};
use crate::{assert_broken, assert_good, culprit};

/// A line of the ledger about money.
fn transfer(world: &mut World, place: usize) -> &mut Entry {
    let ledger = world.history.observed.ledger.iter_mut();
    ledger.filter(|entry| entry.provider == "stripe").nth(place).unwrap()
}

#[test]
fn a_charge_that_is_replayed_declined_or_swallowed_is_no_second_charge() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let payment = world.pay(order);
    for outcome in ["replayed", "declined", "failed", "unanswered"] {
        world.charge(payment, outcome);
    }
    assert_good(&world.end());
}

#[test]
fn a_key_that_came_back_with_another_request_is_found() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let payment = world.pay(order);
    world.charge(payment, "refused");
    assert_broken(&world.end(), &[I3]);
}

#[test]
fn two_charges_for_an_order_are_one_too_many() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let payment = world.pay(order);
    world.charge(payment, "accepted");
    let second = transfer(&mut world, 1);
    second.idempotency_key = Some("another".to_owned());
    second.reference = Some("pi_second".to_owned());
    let findings = assert_broken(&world.end(), &[I3]);
    assert!(culprit(&findings).contains("under another key"));
}

#[test]
fn two_orders_under_one_key_are_one_too_many() {
    let mut world = World::new();
    let user = world.customer();
    for _ in 0..2 {
        let (_, answer) = world.place(user, "one-key", 1);
        world.ask_to_place(user, "one-key", 1, Answer::of(201, Some(answer)));
    }
    let findings = assert_broken(&world.end(), &[I3]);
    assert!(culprit(&findings).contains("unique index"));
}

#[test]
fn the_same_key_of_two_users_is_two_keys() {
    let mut world = World::new();
    for _ in 0..2 {
        let user = world.customer();
        let (order, answer) = world.place(user, "one-key", 1);
        world.ask_to_place(user, "one-key", 1, Answer::of(201, Some(answer)));
        world.pay(order);
    }
    assert_good(&world.end());
}

#[test]
fn a_paid_order_without_a_charge_was_never_paid() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    world.history.observed.ledger.retain(|entry| entry.provider != "stripe");
    assert_broken(&world.end(), &[I3]);
}

#[test]
fn a_charge_of_another_amount_is_not_the_orders() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    transfer(&mut world, 0).body["request"]["amount"] = json!((PRICE - 1).to_string());
    assert_broken(&world.end(), &[I3]);
}

#[test]
fn money_for_a_cancelled_order_must_go_back() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let payment = world.decline(order);
    world.charge(payment, "accepted");
    let findings = assert_broken(&world.end(), &[I2, I3]);
    assert!(findings.violations[0].seen.contains("took money"));
}

#[test]
fn a_charge_nobody_ordered_is_found() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let payment = world.pay(order);
    world.charge(payment, "accepted");
    let stray = transfer(&mut world, 1);
    stray.body["request"]["metadata[order_id]"] = json!("00000000-0000-0000-0000-000000000009");
    stray.reference = Some("pi_stray".to_owned());
    assert_broken(&world.end(), &[I3]);
}

#[test]
fn more_money_back_than_was_taken_is_a_second_refund() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let payment = world.pay(order);
    world.refund(payment);
    let again = transfer(&mut world, 1).clone();
    world.history.observed.ledger.push(again);
    assert_broken(&world.end(), &[I3]);
}

#[test]
fn a_refunded_order_whose_money_stayed_is_found() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let payment = world.pay(order);
    world.refund(payment);
    transfer(&mut world, 1).outcome = "unanswered".to_owned();
    assert_broken(&world.end(), &[I3]);
}

#[test]
fn a_key_with_two_rows_has_lost_its_index() {
    let mut world = World::new();
    let user = world.customer();
    world.order(user, 1);
    let kept = world.history.observed.database.kept_answers[0].clone();
    world.history.observed.database.kept_answers.push(kept);
    assert_broken(&world.end(), &[I3]);
}

#[test]
fn a_payment_that_its_order_never_heard_of_is_found_by_its_money_and_by_its_event() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    let observed = &mut world.history.observed;
    let at =
        observed.database.order_history.iter().position(|entry| entry.status == "paid").unwrap();
    observed.database.order_history.truncate(at);
    observed.database.orders[0].status = "payment_pending".to_owned();
    let broken = crate::broken(&world.end());
    assert!(broken.contains(&I3) && broken.contains(&I5), "{broken:?}");
}

#[test]
fn money_that_went_back_without_a_word_leaves_an_order_that_seems_paid() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let payment = world.pay(order);
    world.pay_back(payment);
    let event = world.history.observed.database.outbox.pop().unwrap().event_id;
    world.unsend(event);
    let observed = &mut world.history.observed;
    observed.kafka.records.retain(|record| record.event_id() != Some(event));
    observed.database.inbox.retain(|claim| claim.event_id != event);
    assert_broken(&world.end(), &[I3, I7]);
}
