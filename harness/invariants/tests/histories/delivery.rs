//! I4 and I8: outbox, topics, offsets.

use ecotrack_invariants::contract::DEAD_LETTER_CONSUMER;
use ecotrack_invariants::judge::Invariant::{I4, I5, I7, I8};
use ecotrack_invariants::observed::Payload;

use crate::world::World;
use crate::{assert_broken, assert_good, culprit};

fn bought() -> World {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 1);
    world.pay(order);
    world
}

#[test]
fn a_record_that_is_delivered_twice_is_odd_and_allowed() {
    let mut world = bought();
    let record = world.history.observed.kafka.records[3].clone();
    world.produce(
        &record.topic,
        record.key.as_deref().unwrap(),
        record.headers.clone(),
        record.payload.clone(),
    );
    let history = world.end();
    assert_good(&history);
    assert!(I4.judge(&history).anomalies[0].seen.starts_with("delivered 2 times"));
}

#[test]
fn a_row_that_was_marked_and_never_published_is_lost() {
    let mut world = bought();
    let observed = &mut world.history.observed;
    let lost = observed.kafka.records.remove(0).event_id().unwrap();
    observed.database.inbox.retain(|claim| claim.event_id != lost);
    observed.database.notifications.retain(|row| row.event_id != lost);
    let history = world.end();
    let findings = I4.judge(&history);
    assert!(culprit(&findings).contains("before Kafka acknowledged"));
}

#[test]
fn a_row_that_waits_for_ever_is_lost_too() {
    let mut world = bought();
    let row = world.history.observed.database.outbox.last_mut().unwrap();
    row.is_sent = false;
    let id = row.event_id;
    let observed = &mut world.history.observed;
    observed.kafka.records.retain(|record| record.event_id() != Some(id));
    observed.database.inbox.retain(|claim| claim.event_id != id);
    let history = world.end();
    assert!(culprit(&I4.judge(&history)).contains("it stopped"));
}

#[test]
fn a_record_without_a_committed_row_is_a_ghost() {
    let mut world = bought();
    world.history.observed.database.outbox.pop();
    let findings = assert_broken(&world.end(), &[I4]);
    assert!(culprit(&findings).contains("past the outbox"));
}

#[test]
fn a_record_with_other_content_than_its_row_is_changed() {
    let mut world = bought();
    let record = world
        .history
        .observed
        .kafka
        .records
        .iter_mut()
        .find(|record| record.topic == "user-events")
        .unwrap();
    let Payload::Text(text) = &mut record.payload else { panic!("not text") };
    text.push(' ');
    assert_broken(&world.end(), &[I4]);
}

#[test]
fn a_record_that_is_no_event_must_be_parked() {
    let mut world = bought();
    let garbage = Payload::Text("garbage".to_owned());
    world.produce("order-events", "?", [].into(), garbage.clone());
    assert_broken(&world.history.clone(), &[I4, I8]);
    let park = |world: &mut World, consumer: &str| {
        let headers = [
            ("x-dead-letter-reason".to_owned(), "no event".to_owned()),
            (DEAD_LETTER_CONSUMER.to_owned(), consumer.to_owned()),
        ];
        world.produce("order-events.dlt", "?", headers.into(), garbage.clone());
    };
    park(&mut world, "notification-service");
    assert_broken(&world.history.clone(), &[I8]);
    park(&mut world, "product-service");
    assert_good(&world.end());
}

#[test]
fn a_trimmed_log_cannot_be_judged_and_that_is_said() {
    let mut world = bought();
    world.history.observed.kafka.logs[0].low = 1;
    assert!(I4.judge(&world.end()).not_judged[0].contains("is gone"));
}

#[test]
fn an_offset_beyond_an_unhandled_record_was_committed_before_the_effect() {
    let mut world = bought();
    let event = world.history.observed.kafka.records.last().unwrap().event_id().unwrap();
    world
        .history
        .observed
        .database
        .inbox
        .retain(|claim| claim.event_id != event || claim.consumer == "product-service");
    let findings = assert_broken(&world.end(), &[I8]);
    assert!(culprit(&findings).contains("before the effect"));
}

#[test]
fn an_offset_behind_handled_records_is_only_a_repetition_to_come() {
    let mut world = bought();
    for offset in &mut world.history.observed.kafka.offsets {
        offset.committed = 0;
    }
    let history = world.end();
    assert_eq!(crate::broken(&history), []);
    assert_eq!(I8.judge(&history).examined, 0);
}

#[test]
fn an_offset_beyond_the_end_means_that_records_are_gone() {
    let mut world = bought();
    world.history.observed.kafka.offsets[0].committed = 999;
    let findings = assert_broken(&world.end(), &[I8]);
    assert!(culprit(&findings).contains("lost records"));
}

#[test]
fn a_record_that_nobody_reached_is_not_passed_over_but_unhandled() {
    let mut world = bought();
    let observed = &mut world.history.observed;
    let last = observed
        .kafka
        .records
        .iter()
        .rfind(|record| record.topic == "payment-events")
        .unwrap()
        .clone();
    for offset in observed
        .kafka
        .offsets
        .iter_mut()
        .filter(|offset| offset.topic == last.topic && offset.partition == last.partition)
    {
        offset.committed = last.offset;
    }
    observed.database.inbox.retain(|claim| Some(claim.event_id) != last.event_id());
    let findings = assert_broken(&world.end(), &[I5]);
    assert!(culprit(&findings).contains("hangs"));
}

#[test]
fn events_that_overtook_one_another_are_out_of_order() {
    let mut world = bought();
    let records = &mut world.history.observed.kafka.records;
    let of_order: Vec<_> =
        (0..records.len()).filter(|place| records[*place].topic == "order-events").collect();
    let (a, b) = (of_order[1], of_order[2]);
    let offset = records[a].offset;
    records[a].offset = records[b].offset;
    records[b].offset = offset;
    assert_broken(&world.end(), &[I7]);
}

#[test]
fn an_aggregate_in_two_partitions_has_no_order() {
    let mut world = bought();
    let record = world
        .history
        .observed
        .kafka
        .records
        .iter_mut()
        .rfind(|record| record.topic == "order-events")
        .unwrap();
    record.partition = (record.partition + 1) % 3;
    assert!(crate::broken(&world.end()).contains(&I7));
}

#[test]
fn the_outbox_forgets_what_it_said_of_a_user_who_left_and_of_nobody_else() {
    let mut world = bought();
    let user = world.history.observed.database.users[0];
    let erased = Payload::Text("{}".to_owned());
    world.history.observed.database.outbox[0].payload = erased;
    assert_broken(&world.history.clone(), &[I4]);
    world.event("user_service", "user-events", user, "UserDeletedEvent", &serde_json::json!({}));
    assert_good(&world.end());
}
