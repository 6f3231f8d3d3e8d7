//! I1 and I2: what clients were told.

use ecotrack_invariants::journal::{Action, Answer};
use ecotrack_invariants::judge::Invariant::{I1, I2, I6, I7, I9};
use ecotrack_invariants::observed::HistoryEntry;
use uuid::Uuid;

use crate::world::World;
use crate::{assert_broken, assert_good, culprit};

#[test]
fn customers_who_order_pay_cancel_and_get_their_money_back_are_a_good_history() {
    let mut world = World::new();
    let user = world.customer();
    let (kept, given_up, declined, returned) =
        (world.order(user, 1), world.order(user, 2), world.order(user, 3), world.order(user, 4));
    world.pay(kept);
    world.cancel(given_up);
    world.decline(declined);
    let payment = world.pay(returned);
    world.refund(payment);
    assert_good(&world.end());
}

#[test]
fn an_unheard_order_that_is_asked_for_again_is_answered_the_same_and_good() {
    let mut world = World::new();
    let user = world.customer();
    let (key, _) = world.order_unheard(user, 1);
    world.order_again(user, &key, 1);
    world.order_again(user, &key, 1);
    assert_good(&world.end());
}

#[test]
fn an_unknown_order_may_be_there_or_not() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    world.order_unheard(user, 1);
    world.ask_to_place(user, "never-arrived", 1, Answer::lost(true, "timed out".to_owned()));
    assert_good(&world.end());
}

#[test]
fn an_acknowledged_order_without_a_row_is_lost() {
    let mut world = World::new();
    let user = world.customer();
    world.order(user, 1);
    let body = world.last().answer.clone().unwrap().body.unwrap();
    let other = world.history.observed.database.orders[0].id;
    let lost = body.replace(&other.to_string(), &Uuid::from_u128(7).to_string());
    world.ask_to_place(user, "lost", 1, Answer::of(201, Some(lost)));
    let findings = assert_broken(&world.end(), &[I1]);
    assert!(culprit(&findings).contains("before its commit"));
}

#[test]
fn a_row_that_says_something_else_than_the_answer_is_altered() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 2);
    world.order_row(order).items[0].unit_price_minor += 1;
    assert_broken(&world.end(), &[I1]);
}

#[test]
fn an_answer_that_differs_from_the_kept_one_by_a_byte_is_not_equal() {
    let mut world = World::new();
    let user = world.customer();
    world.order(user, 1);
    let answer = world.last().answer.as_mut().unwrap();
    answer.body.as_mut().unwrap().push(' ');
    assert_broken(&world.end(), &[I1]);
}

#[test]
fn a_replay_that_is_worded_anew_is_not_the_first_answer() {
    let mut world = World::new();
    let user = world.customer();
    let (key, _) = world.order_unheard(user, 1);
    world.order_again(user, &key, 1);
    world.order_again(user, &key, 1);
    let body = world.last().answer.as_mut().unwrap().body.as_mut().unwrap();
    *body = body.replace("\"created\"", "\"paid\"");
    assert_broken(&world.end(), &[I1]);
}

#[test]
fn an_acknowledged_payment_without_a_row_is_lost() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    world.history.observed.database.payments.clear();
    assert_broken(&world.end(), &[I1]);
}

#[test]
fn an_acknowledged_cancellation_that_did_not_happen_is_lost() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.ask(
        Some(user),
        Action::Cancel { order_id: order },
        Answer::of(200, Some("{}".to_owned())),
    );
    assert_broken(&world.end(), &[I1]);
}

#[test]
fn a_user_who_logged_in_and_is_not_there_is_lost_unless_deleted() {
    let mut world = World::new();
    let user = world.customer();
    world.history.observed.database.users.clear();
    let event = serde_json::json!({"user_id": user});
    assert_broken(&world.history.clone(), &[I1]);
    world.event("user_service", "user-events", user, "UserDeletedEvent", &event);
    assert!(I1.judge(&world.end()).violations.is_empty());
}

#[test]
fn a_refused_order_that_left_nothing_is_good() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    for status in [409, 422, 429] {
        world.order_refused(user, status);
    }
    assert_good(&world.end());
}

#[test]
fn a_refused_order_that_is_there_was_not_refused() {
    let mut world = World::new();
    let user = world.customer();
    let key = world.order_refused(user, 422);
    world.place(user, &key, 1);
    assert_broken(&world.end(), &[I2]);
}

#[test]
fn an_order_under_a_key_that_was_refused_once_and_accepted_then_is_good() {
    let mut world = World::new();
    let user = world.customer();
    let key = world.order_refused(user, 409);
    let (_, answer) = world.place(user, &key, 1);
    world.ask_to_place(user, &key, 1, Answer::of(201, Some(answer)));
    assert_eq!(crate::broken(&world.end()), []);
}

#[test]
fn one_unknown_attempt_explains_one_order_and_no_second() {
    let mut world = World::new();
    let user = world.customer();
    let (_, first) = world.order_unheard(user, 1);
    world.place(user, "nobody-asked", 1);
    world.history.observed.database.kept_answers.retain(|kept| kept.subject_id == first);
    assert_broken(&world.end(), &[I2]);
}

#[test]
fn a_second_order_for_an_unknown_attempt_is_found_also_when_no_key_tells() {
    let mut world = World::new();
    let user = world.customer();
    world.order_unheard(user, 1);
    world.place(user, "again", 1);
    world.history.observed.database.kept_answers.clear();
    assert_broken(&world.end(), &[I2]);
}

#[test]
fn a_refused_payment_that_took_money_was_not_refused() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    world.last().answer = Some(Answer::of(409, None));
    assert_broken(&world.end(), &[I2]);
}

#[test]
fn a_customers_cancellation_that_was_refused_was_not() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.cancel(order);
    world.last().answer = Some(Answer::of(409, None));
    assert_broken(&world.end(), &[I2]);
}

#[test]
fn a_cancellation_decided_on_an_old_state_is_named_as_such() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let history = &mut world.history.observed.database.order_history;
    history.push(HistoryEntry {
        order_id: order,
        status: "payment_pending".to_owned(),
        notes: None,
    });
    history.push(HistoryEntry { order_id: order, status: "paid".to_owned(), notes: None });
    world.cancel(order);
    let findings = assert_broken(&world.end(), &[I7, I9]);
    assert!(findings.violations[0].expected.contains("`cancelled` does not follow `paid`"));
}

#[test]
fn a_strangers_orders_are_nobodys_to_judge_by_the_journal() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    let stranger = world.id();
    world.place(stranger, "elsewhere", 1);
    assert_good(&world.end());
}

#[test]
fn stock_of_an_order_that_is_not_there_is_found() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.order_row(order).id = Uuid::from_u128(7);
    assert!(!I6.judge(&world.end()).violations.is_empty());
}

#[test]
fn a_refund_that_nobody_asked_for_is_found() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    let payment = world.pay(order);
    world.refund(payment);
    world
        .history
        .journal
        .operations
        .retain(|operation| !matches!(operation.request.action, Action::Refund { .. }));
    assert_broken(&world.end(), &[I2]);
}
