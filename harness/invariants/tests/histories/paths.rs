//! I7: legal lives.

use ecotrack_invariants::judge::Invariant::{I4, I7};
use ecotrack_invariants::judge::Violation;
use serde_json::json;

use crate::world::World;
use crate::{assert_broken, assert_good, culprit};

#[test]
fn a_cancelled_order_that_is_paid_lives_on_illegally() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.cancel(order);
    world.step(order, "paid", None, "OrderPaymentProcessedEvent");
    assert!(
        I7.judge(&world.end()).violations[0]
            .expected
            .contains("`paid` does not follow `cancelled`")
    );
}

#[test]
fn an_order_without_an_event_was_not_written_with_it() {
    let mut world = World::new();
    let user = world.customer();
    world.order(user, 1);
    let observed = &mut world.history.observed;
    let gone: Vec<_> =
        observed.kafka.records.extract_if(.., |record| record.topic == "order-events").collect();
    let gone: Vec<_> =
        gone.iter().filter_map(ecotrack_invariants::observed::Record::event_id).collect();
    observed.database.outbox.retain(|row| !gone.contains(&row.event_id));
    observed.database.inbox.retain(|claim| !gone.contains(&claim.event_id));
    assert_broken(&world.end(), &[I7]);
}

#[test]
fn a_step_without_its_event_was_not_written_with_it() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.order_row(order).status = "payment_pending".to_owned();
    assert_broken(&world.end(), &[I7]);
}

#[test]
fn an_order_waits_only_for_a_payment_that_is_under_way() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let payment = world.open_payment(order);
    assert_good(&world.history);
    let mut settled = world.history.clone();
    "failed".clone_into(&mut settled.observed.database.payments[0].status);
    let findings = assert_broken(&settled, &[I7]);
    let is_it = |found: &Violation| found.culprit.contains("did not hear");
    assert!(findings.violations.iter().any(is_it));
    let database = &mut world.history.observed.database;
    database.payments.retain(|row| row.id != payment);
    assert!(culprit(&I7.judge(&world.end())).contains("not written down"));
}

#[test]
fn a_payment_that_is_settled_twice_lives_illegally() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let payment = world.pay(order);
    let payload = json!({"payment_id": payment, "order_id": order, "user_id": user});
    world.event("payment_service", "payment-events", payment, "PaymentProcessedEvent", &payload);
    assert_broken(&world.end(), &[I7]);
}

#[test]
fn an_event_after_the_account_is_gone_is_illegal() {
    let mut world = World::new();
    let user = world.customer();
    for event_type in ["UserDeletedEvent", "UserLoginEvent"] {
        world.event("user_service", "user-events", user, event_type, &json!({"user_id": user}));
    }
    assert_broken(&world.end(), &[I7]);
}

#[test]
fn an_event_of_an_order_that_is_not_there_is_told_of_nothing() {
    let mut world = World::new();
    let user = world.customer();
    let stray = world.id();
    world.event(
        "order_service",
        "order-events",
        stray,
        "OrderCreatedEvent",
        &json!({"order_id": stray, "user_id": user}),
    );
    world.history.observed.database.outbox.pop();
    assert_broken(&world.end(), &[I4, I7]);
}

#[test]
fn a_payment_whose_row_went_on_without_an_event_was_written_apart() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    "partially_refunded".clone_into(&mut world.history.observed.database.payments[0].status);
    assert_broken(&world.end(), &[I7]);
}
