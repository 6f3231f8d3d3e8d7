//! I9 and I10: sessions, replica, traces.

use ecotrack_invariants::journal::{Action, Answer};
use ecotrack_invariants::judge::Invariant::{I9, I10};
use ecotrack_invariants::observed::ReplicaLag;

use crate::world::World;
use crate::{assert_broken, assert_good, culprit};

#[test]
fn a_session_that_looks_again_and_sees_more_is_good() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    for status in ["created", "paid", "completed", "completed"] {
        let as_of = world.now();
        world.look(order, status, as_of);
    }
    assert_good(&world.end());
}

#[test]
fn a_session_that_sees_an_older_state_went_back_in_time() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let (early, late) = (world.now(), world.now());
    world.look(order, "completed", late);
    world.look(order, "created", early);
    assert_broken(&world.end(), &[I9]);
}

#[test]
fn two_sessions_may_see_different_states() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let (early, late) = (world.now(), world.now());
    world.look(order, "completed", late);
    world.look(order, "created", early);
    world.last().request.session = "another".to_owned();
    assert_eq!(crate::broken(&world.end()), []);
}

#[test]
fn looks_that_overlap_may_be_answered_in_any_order() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let (early, late) = (world.now(), world.now());
    world.look(order, "completed", late);
    let sent = world.last().sent_at;
    world.look(order, "created", early);
    world.last().sent_at = sent;
    assert_eq!(crate::broken(&world.end()), []);
}

#[test]
fn an_order_that_is_not_found_after_it_was_acknowledged_went_back_in_time() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.ask(Some(user), Action::ReadOrder { order_id: order }, Answer::of(404, None));
    assert_broken(&world.end(), &[I9]);
}

#[test]
fn a_payment_refused_because_its_order_is_not_there_was_decided_by_a_replica() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let (idempotency_key, amount, currency) =
        ("k".to_owned(), "19.99".to_owned(), "EUR".to_owned());
    let action = Action::Pay { idempotency_key, order_id: order, amount, currency };
    world.ask(Some(user), action, Answer::of(404, None));
    let findings = assert_broken(&world.end(), &[I9]);
    assert!(culprit(&findings).contains("replica"));
}

#[test]
fn somebody_elses_order_is_rightly_not_found() {
    let mut world = World::new();
    let (user, other) = (world.customer(), world.customer());
    let order = world.order(user, 1);
    world.ask(Some(other), Action::Cancel { order_id: order }, Answer::of(404, None));
    assert_eq!(crate::broken(&world.end()), []);
}

#[test]
fn a_replica_far_behind_is_red_and_one_that_is_not_there_is_not_asked() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    world.history.observed.replica = None;
    assert_good(&world.history.clone());
    world.history.observed.replica = Some(ReplicaLag { worst_ms: 5_001, samples: 1 });
    assert_broken(&world.end(), &[I9]);
}

#[test]
fn a_hop_that_drops_the_trace_is_found() {
    let mut world = World::new();
    let user = world.customer();
    world.order(user, 1);
    let trace = world.last().request.trace_id.clone().unwrap();
    let telemetry = world.history.observed.telemetry.as_mut().unwrap();
    telemetry.traces.get_mut(&trace).unwrap().spans.truncate(1);
    let findings = assert_broken(&world.end(), &[I10]);
    assert!(findings.violations[0].seen.contains("product-service"));
}

#[test]
fn an_acknowledged_write_without_a_log_line_cannot_be_followed() {
    let mut world = World::new();
    let user = world.customer();
    world.order(user, 1);
    let trace = world.last().request.trace_id.clone().unwrap();
    world.history.observed.telemetry.as_mut().unwrap().log_lines.remove(&trace);
    assert_broken(&world.end(), &[I10]);
}

#[test]
fn without_traces_and_logs_nothing_is_claimed() {
    let mut world = World::new();
    let user = world.customer();
    world.order(user, 1);
    world.history.observed.telemetry = None;
    assert_eq!(I10.judge(&world.end()).not_judged.len(), 1);
}

#[test]
fn a_replay_need_not_ask_the_other_services_again() {
    let mut world = World::new();
    let user = world.customer();
    let (key, _) = world.order_unheard(user, 1);
    world.order_again(user, &key, 1);
    let trace = world.last().request.trace_id.clone().unwrap();
    let telemetry = world.history.observed.telemetry.as_mut().unwrap();
    telemetry.traces.get_mut(&trace).unwrap().spans.truncate(1);
    assert_good(&world.end());
}
