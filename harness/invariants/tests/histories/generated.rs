//! Generated histories: a good one stays good, and one change of a known kind is found.

use ecotrack_invariants::history::History;
use ecotrack_invariants::journal::Operation;
use ecotrack_invariants::judge::Invariant::{self, I1, I2, I3, I4, I5, I6, I7, I8, I10};
use ecotrack_invariants::observed::Payload;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use uuid::Uuid;

use crate::world::World;

/// What becomes of an order.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Left,
    Unheard,
    AskedAgain,
    Refused,
    Cancelled,
    Declined,
    Paid,
    Refunded,
    TakenLate,
    Abandoned,
    Delivered,
}

const FATES: [Fate; 11] = [
    Fate::Left,
    Fate::Unheard,
    Fate::AskedAgain,
    Fate::Refused,
    Fate::Cancelled,
    Fate::Declined,
    Fate::Paid,
    Fate::Refunded,
    Fate::TakenLate,
    Fate::Abandoned,
    Fate::Delivered,
];

/// A way to break a history, and who must notice.
type Mutation = (&'static str, Invariant, fn(&mut History, Index));

fn key_of_placement(operation: &Operation) -> Option<String> {
    let action = &operation.request.action;
    (action.name() == "place_order").then(|| action.idempotency_key().map(str::to_owned)).flatten()
}

const MUTATIONS: [Mutation; 14] = [
    ("lose an acknowledged order", I1, |history, index| {
        let told = history
            .journal
            .operations
            .iter()
            .filter(|one| one.request.action.name() == "place_order");
        let told: Vec<Uuid> = told
            .filter_map(|one| {
                serde_json::from_str::<serde_json::Value>(one.body()?).ok()?["order_id"]
                    .as_str()?
                    .parse()
                    .ok()
            })
            .collect();
        let lost = *index.get(&told);
        history.observed.database.orders.retain(|order| order.id != lost);
    }),
    ("change a total", I1, |history, _| {
        let paid =
            history.observed.database.orders.iter_mut().find(|order| order.status == "completed");
        paid.unwrap().total_minor += 1;
    }),
    ("keep what was refused", I2, |history, _| {
        // One that was asked for once: of two attempts under a key the other one may have made the order.
        let operations = &mut history.journal.operations;
        let keys: Vec<_> = operations.iter().filter_map(key_of_placement).collect();
        let is_only = |one: &&mut Operation| {
            let key = key_of_placement(one);
            one.status() == Some(201)
                && keys.iter().filter(|known| Some(*known) == key.as_ref()).count() == 1
        };
        let placed = operations.iter_mut().rfind(is_only);
        placed.unwrap().answer = Some(ecotrack_invariants::journal::Answer::of(422, None));
    }),
    ("charge twice", I3, |history, _| {
        let charge = history
            .observed
            .ledger
            .iter()
            .find(|entry| entry.outcome == "accepted" && entry.operation == "payment_intent");
        let mut second = charge.unwrap().clone();
        second.reference = Some("pi_second".to_owned());
        history.observed.ledger.push(second);
    }),
    ("lose a charge", I3, |history, _| {
        history.observed.ledger.retain(|entry| entry.operation != "payment_intent");
    }),
    ("lose a record", I4, |history, index| {
        let place = index.index(history.observed.kafka.records.len());
        let id = history.observed.kafka.records[place].event_id();
        history.observed.kafka.records.retain(|record| record.event_id() != id);
    }),
    ("roll an outbox row back", I4, |history, index| {
        let place = index.index(history.observed.database.outbox.len());
        history.observed.database.outbox.remove(place);
    }),
    ("change a record", I4, |history, index| {
        let place = index.index(history.observed.kafka.records.len());
        history.observed.kafka.records[place].payload = Payload::Text("{}".to_owned());
    }),
    ("claim twice", I5, |history, index| {
        let claim = index.get(&history.observed.database.inbox).clone();
        history.observed.database.inbox.push(claim);
    }),
    ("lose a notification", I5, |history, index| {
        let place = index.index(history.observed.database.notifications.len());
        history.observed.database.notifications.remove(place);
    }),
    ("lose a piece", I6, |history, index| {
        let place = index.index(history.observed.database.products.len());
        history.observed.database.products[place].available -= 1;
    }),
    ("take a step without its event", I7, |history, _| {
        let order =
            history.observed.database.orders.iter_mut().find(|order| order.status == "completed");
        "refunded".clone_into(&mut order.unwrap().status);
    }),
    ("pass an event over", I8, |history, index| {
        let place = index.index(history.observed.database.inbox.len());
        history.observed.database.inbox.remove(place);
    }),
    ("drop the traces", I10, |history, _| {
        history.observed.telemetry.as_mut().unwrap().traces.clear();
    }),
];

fn live(customers: &[Vec<(Fate, u32)>]) -> World {
    let mut world = World::new();
    live_on(&mut world, customers);
    world
}

fn live_on(world: &mut World, customers: &[Vec<(Fate, u32)>]) {
    for orders in customers {
        let user = world.customer();
        for (fate, quantity) in orders {
            befall(world, user, *fate, *quantity);
        }
    }
}

fn befall(world: &mut World, user: Uuid, fate: Fate, quantity: u32) {
    match fate {
        Fate::Unheard => {
            world.order_unheard(user, quantity);
        }
        Fate::AskedAgain => {
            let (key, order) = world.order_unheard(user, quantity);
            world.order_again(user, &key, quantity);
            world.pay(order);
        }
        Fate::Refused => {
            world.order_refused(user, 409);
        }
        Fate::Left
        | Fate::Cancelled
        | Fate::Declined
        | Fate::Paid
        | Fate::Refunded
        | Fate::TakenLate
        | Fate::Abandoned
        | Fate::Delivered => {
            let order = world.order(user, quantity);
            heard(world, order, fate);
        }
    }
}

fn heard(world: &mut World, order: Uuid, fate: Fate) {
    match fate {
        Fate::Cancelled => world.cancel(order),
        Fate::Declined => {
            world.decline(order);
        }
        Fate::Paid => {
            world.pay(order);
        }
        Fate::Refunded => {
            let payment = world.pay(order);
            world.refund(payment);
        }
        Fate::TakenLate => {
            let payment = world.decline(order);
            world.take_late(payment);
        }
        Fate::Abandoned => {
            let stranger = world.id();
            let amount = world.order_row(order).total_minor;
            world.abandon(order, stranger, amount);
        }
        // A relay that was killed publishes its last batch again.
        Fate::Delivered => {
            let record = world.history.observed.kafka.records.last().unwrap().clone();
            world.produce(
                &record.topic,
                record.key.as_deref().unwrap(),
                record.headers,
                record.payload,
            );
        }
        Fate::Left | Fate::Unheard | Fate::AskedAgain | Fate::Refused => {}
    }
}

fn customers() -> impl Strategy<Value = Vec<Vec<(Fate, u32)>>> {
    prop::collection::vec(prop::collection::vec((select(&FATES), 1..4_u32), 0..8), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_generated_good_history_is_good(customers in customers()) {
        let history = live(&customers).end();
        for invariant in Invariant::ALL {
            prop_assert_eq!(invariant.judge(&history).violations, []);
        }
    }

    #[test]
    fn a_good_history_does_not_turn_red_with_age(before in customers(), after in customers(), is_week: bool) {
        let mut world = live(&before);
        if is_week { world.week_later() } else { world.day_later() }
        live_on(&mut world, &after);
        let history = world.end();
        for invariant in Invariant::ALL {
            prop_assert_eq!(invariant.judge(&history).violations, []);
        }
    }

    #[test]
    fn one_change_of_a_known_kind_is_found(mut customers in customers(), mutation in select(&MUTATIONS), index: Index) {
        // Something of every kind to be broken.
        customers[0].push((Fate::Paid, 1));
        let mut history = live(&customers).end();
        let (name, invariant, change) = mutation;
        change(&mut history, index);
        prop_assert!(!invariant.judge(&history).violations.is_empty(), "{} was not found by {}", name, invariant);
    }
}
