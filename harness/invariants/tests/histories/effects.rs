//! I5: exactly one effect.

use ecotrack_invariants::contract::DEAD_LETTER_CONSUMER;
use ecotrack_invariants::judge::Invariant::{I5, I6, I8};
use ecotrack_invariants::observed::{Entry, Preference};
use uuid::Uuid;

use crate::world::World;
use crate::{assert_broken, assert_good, culprit};

fn event_of(world: &World, event_type: &str) -> Uuid {
    let records = &world.history.observed.kafka.records;
    records.iter().find(|record| record.event_type() == event_type).unwrap().event_id().unwrap()
}

fn bought() -> World {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    world
}

#[test]
fn a_claim_without_its_notification_was_committed_alone() {
    let mut world = bought();
    let event = event_of(&world, "OrderCompletedEvent");
    world.history.observed.database.notifications.retain(|row| row.event_id != event);
    let findings = assert_broken(&world.end(), &[I5]);
    assert!(culprit(&findings).contains("outside the effect's transaction"));
}

#[test]
fn a_user_who_wants_no_news_gets_none() {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    let event = event_of(&world, "OrderCompletedEvent");
    world.unsend(event);
    let database = &mut world.history.observed.database;
    database.preferences.push(Preference { user_id: user, wanted: vec!["payments".to_owned()] });
    assert_good(&world.end());
}

#[test]
fn two_notifications_of_one_event_are_one_too_many() {
    let mut world = bought();
    let mut second = world.history.observed.database.notifications[0].clone();
    second.id = Uuid::from_u128(7);
    world.history.observed.database.notifications.push(second);
    assert_broken(&world.end(), &[I5]);
}

#[test]
fn one_notification_on_each_channel_is_fine() {
    let mut world = bought();
    let mut second = world.history.observed.database.notifications[0].clone();
    second.channel = "sms".to_owned();
    world.history.observed.database.notifications.push(second);
    assert_good(&world.end());
}

#[test]
fn two_claims_of_one_event_are_one_too_many() {
    let mut world = bought();
    let claim = world.history.observed.database.inbox[0].clone();
    world.history.observed.database.inbox.push(claim);
    assert_broken(&world.end(), &[I5]);
}

#[test]
fn a_claim_of_an_event_that_nobody_published_is_a_ghosts() {
    let mut world = bought();
    let mut claim = world.history.observed.database.inbox[0].clone();
    claim.event_id = Uuid::from_u128(7);
    world.history.observed.database.inbox.push(claim);
    assert_broken(&world.end(), &[I5]);
}

#[test]
fn a_claimed_completion_whose_stock_is_still_held_had_no_effect() {
    let mut world = bought();
    world.history.observed.database.reservations[0].status = "held".to_owned();
    let findings = assert_broken(&world.end(), &[I5, I6]);
    assert!(culprit(&findings).contains("product-service"));
}

/// A purchase whose payment notification-service has not claimed, parked by somebody.
fn parked_by(consumer: &str) -> World {
    let mut world = bought();
    let observed = &mut world.history.observed;
    let record = observed
        .kafka
        .records
        .iter()
        .find(|record| record.event_type() == "PaymentInitiatedEvent")
        .unwrap()
        .clone();
    observed.database.inbox.retain(|claim| {
        Some(claim.event_id) != record.event_id() || claim.consumer != "notification-service"
    });
    let dead = format!("{}.dlt", record.topic);
    let mut headers = record.headers.clone();
    headers.insert(DEAD_LETTER_CONSUMER.to_owned(), consumer.to_owned());
    world.produce(&dead, record.key.as_deref().unwrap(), headers, record.payload.clone());
    world
}

#[test]
fn what_one_consumer_parked_is_no_excuse_for_another() {
    let findings = assert_broken(&parked_by("order-service").end(), &[I8]);
    assert!(culprit(&findings).contains("notification-service"));
}

#[test]
fn a_parked_event_is_odd_and_allowed() {
    let history = parked_by("notification-service").end();
    assert_good(&history);
    assert!(I5.judge(&history).anomalies.iter().any(|anomaly| anomaly.seen.contains("parked")));
}

/// The entry of the provider's ledger about the last message.
fn last_message(world: &mut World) -> &mut Entry {
    let ledger = &mut world.history.observed.ledger;
    ledger.iter_mut().rfind(|entry| entry.provider == "sendgrid").unwrap()
}

#[test]
fn a_message_that_went_out_again_under_another_key_is_one_too_many() {
    let mut world = bought();
    let mut again = last_message(&mut world).clone();
    again.idempotency_key = Some(Uuid::from_u128(7).to_string());
    world.history.observed.ledger.push(again);
    assert_broken(&world.end(), &[I5]);
}

#[test]
fn a_message_that_went_out_twice_under_its_own_key_is_one_too_many() {
    let mut world = bought();
    let again = last_message(&mut world).clone();
    world.history.observed.ledger.push(again);
    assert_broken(&world.end(), &[I5]);
}

#[test]
fn a_message_that_is_sent_without_the_providers_word_was_not() {
    let mut world = bought();
    "unanswered".clone_into(&mut last_message(&mut world).outcome);
    assert_broken(&world.end(), &[I5]);
}
