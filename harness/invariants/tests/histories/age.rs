//! I4 and I7 of a system that is older than what its outboxes and its topics keep.

use ecotrack_invariants::history::History;
use ecotrack_invariants::judge::Invariant::{self, I4, I7};
use ecotrack_invariants::report::{Exit, Report, Verdict, table};
use uuid::Uuid;

use crate::world::World;
use crate::{assert_broken, broken};

fn bought() -> (World, Uuid, Uuid) {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let payment = world.pay(order);
    (world, user, payment)
}

/// A purchase that is over a week old.
fn old() -> (World, Uuid, Uuid) {
    let (mut world, user, payment) = bought();
    world.week_later();
    (world, user, payment)
}

/// Events of a type are nowhere, as if they had never been written.
fn untell(world: &mut World, is_untold: impl Fn(&str) -> bool) {
    let observed = &mut world.history.observed;
    let gone: Vec<_> = observed
        .kafka
        .records
        .extract_if(.., |record| is_untold(record.event_type()))
        .filter_map(|record| record.event_id())
        .collect();
    observed.database.outbox.retain(|row| !gone.contains(&row.event_id));
    observed.database.inbox.retain(|claim| !gone.contains(&claim.event_id));
}

/// The verdict on an invariant, and the report for people.
fn verdict(history: &History, invariant: Invariant) -> (Verdict, Exit, String) {
    let report = Report::of(history, &[invariant]);
    (report.judgements[0].verdict, report.exit(), table(&report))
}

#[test]
fn events_whose_rows_are_gone_are_neither_ghosts_nor_held() {
    let (mut world, _, _) = bought();
    world.day_later();
    let history = world.end();
    assert_eq!(broken(&history), []);
    assert_eq!(I4.judge(&history).examined, 0);
    let (verdict, exit, text) = verdict(&history, I4);
    assert_eq!((verdict, exit), (Verdict::NotJudged, Exit::Partial));
    assert!(text.contains("older than the 24 h for which the outbox keeps rows"), "{text}");
}

#[test]
fn a_young_event_without_a_row_is_a_ghost_in_an_old_system() {
    let (mut world, user, _) = bought();
    world.day_later();
    world.order(user, 1);
    world.history.observed.database.outbox.pop();
    assert_broken(&world.end(), &[I4]);
}

#[test]
fn an_event_without_a_row_that_does_not_say_how_old_it_is_is_a_ghost() {
    let (mut world, _, _) = bought();
    world.day_later();
    world.history.observed.kafka.records[0].headers.remove("ce_time");
    assert_broken(&world.end(), &[I4]);
}

#[test]
fn lives_whose_beginning_is_gone_are_judged_from_where_they_are_seen() {
    let (mut world, _, payment) = old();
    world.refund(payment);
    let history = world.end();
    assert_eq!(broken(&history), []);
    let (verdict, exit, text) = verdict(&history, I7);
    assert_eq!((verdict, exit), (Verdict::NotJudged, Exit::Partial));
    assert!(text.contains("how 2 lives began"), "{text}");
}

#[test]
fn orders_whose_events_are_all_gone_are_not_judged_by_them() {
    let (world, _, _) = old();
    let history = world.end();
    assert_eq!(broken(&history), []);
    let (verdict, _, text) = verdict(&history, I7);
    assert_eq!(verdict, Verdict::NotJudged);
    assert!(text.contains("what events told of 1 orders"), "{text}");
}

#[test]
fn an_illegal_step_in_what_is_left_of_a_life_is_found() {
    let (mut world, _, payment) = old();
    world.refund(payment);
    let row = world.history.observed.database.payments[0].clone();
    world.tell(&row, "PaymentProcessedEvent");
    let findings = assert_broken(&world.end(), &[I7]);
    let expected = &findings.violations[0].expected;
    assert!(expected.contains("does not follow `PaymentRefundedEvent`"), "{expected}");
}

#[test]
fn what_is_left_of_a_life_ends_where_its_order_is() {
    let (mut world, _, payment) = old();
    world.refund(payment);
    let order = world.history.observed.database.orders[0].id;
    world.order_row(order).status = "completed".to_owned();
    assert!(broken(&world.end()).contains(&I7));
}

#[test]
fn a_young_order_has_events_in_an_old_system() {
    let (mut world, user, _) = old();
    world.order(user, 1);
    untell(&mut world, |event_type| event_type == "OrderCreatedEvent");
    assert_broken(&world.end(), &[I7]);
}

#[test]
fn a_young_order_has_a_beginning_in_an_old_system() {
    let (mut world, user, _) = old();
    let order = world.order(user, 1);
    world.cancel(order);
    untell(&mut world, |event_type| event_type == "OrderCreatedEvent");
    assert_broken(&world.end(), &[I7]);
}
