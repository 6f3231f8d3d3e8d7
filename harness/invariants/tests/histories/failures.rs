//! I5: what an order makes of payments that failed, and of money that goes back.

use ecotrack_invariants::judge::Invariant::{I3, I5, I7};
use uuid::Uuid;

use crate::world::{PRICE, World};
use crate::{assert_broken, assert_good, culprit};

fn ordered() -> (World, Uuid, Uuid) {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    (world, user, order)
}

#[test]
fn a_payment_that_failed_ends_its_order() {
    let (mut world, _, order) = ordered();
    world.decline(order);
    assert_good(&world.end());
}

#[test]
fn an_order_that_waits_on_after_its_payment_failed_has_not_heard_of_it() {
    let (mut world, _, order) = ordered();
    let payment = world.open_payment(order);
    world.fail(payment);
    let findings = assert_broken(&world.end(), &[I5, I7]);
    assert!(culprit(&findings).contains("order-service"));
}

#[test]
fn a_payment_that_was_never_let_in_ends_the_order_it_was_meant_for() {
    let (mut world, user, order) = ordered();
    world.abandon(order, user, PRICE);
    assert_broken(&world.history.clone(), &[I5]);
    world.step(order, "cancelled", Some("payment_failed"), "OrderCancelledEvent");
    world.give_back(order);
    assert_good(&world.end());
}

#[test]
fn a_payment_by_a_stranger_or_of_what_is_not_owed_is_no_news() {
    let (mut world, user, order) = ordered();
    let stranger = world.customer();
    world.abandon(order, stranger, PRICE);
    world.abandon(order, user, PRICE + 1);
    assert_good(&world.end());
}

#[test]
fn that_a_payment_failed_which_another_one_forestalled_is_no_news() {
    let (mut world, user, order) = ordered();
    world.pay(order);
    world.abandon(order, user, PRICE);
    assert_good(&world.end());
}

#[test]
fn a_payment_may_fail_of_an_order_that_never_was() {
    let (mut world, user, _) = ordered();
    let order = world.id();
    world.abandon(order, user, PRICE);
    assert_good(&world.end());
}

#[test]
fn money_that_was_taken_late_goes_back_and_its_order_stays_cancelled() {
    let (mut world, _, order) = ordered();
    let payment = world.decline(order);
    world.take_late(payment);
    let history = world.end();
    assert_good(&history);
    assert!(I3.judge(&history).anomalies[0].seen.contains("went back"));
}

#[test]
fn a_payment_that_goes_through_after_it_failed_lives_illegally() {
    let (mut world, _, order) = ordered();
    let payment = world.decline(order);
    world.take_late(payment);
    let row = world.history.observed.database.payments[0].clone();
    world.tell(&row, "PaymentProcessedEvent");
    assert_broken(&world.end(), &[I5, I7]);
}

#[test]
fn an_order_whose_money_all_went_back_is_refunded() {
    let (mut world, _, order) = ordered();
    let payment = world.pay(order);
    world.pay_back(payment);
    assert_broken(&world.end(), &[I3, I5]);
}

#[test]
fn a_cancelled_order_hears_of_no_money_but_its_own() {
    let (mut world, user, order) = ordered();
    world.cancel(order);
    let other = world.abandon(order, user, PRICE);
    assert_good(&world.history);
    world.tell(&other, "PaymentRefundedEvent");
    assert_broken(&world.end(), &[I5]);
}
