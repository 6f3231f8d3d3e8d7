//! A history with its cross references: who is looked up by whom, worked out once for all invariants.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use serde_json::Value;
use uuid::Uuid;

use crate::contract::{Consumers, DEAD_LETTER_CONSUMER, DEAD_LETTERS};
use crate::history::History;
use crate::journal::{Action, Operation, Outcome};
use crate::observed::{
    Claim, HistoryEntry, KeptAnswer, Observed, Order, OutboxRow, Payment, Record, Reservation,
    Transfer, TransferKind,
};

/// A key of a user for an operation.
pub(super) type Key<'a> = (Uuid, &'a str);

/// A history and its cross references.
pub struct Facts<'a> {
    pub(super) operations: &'a [Operation],
    pub(super) observed: &'a Observed,
    pub(super) consumers: Consumers,
    pub(super) users: HashSet<Uuid>,
    pub(super) orders: BTreeMap<Uuid, &'a Order>,
    pub(super) payments: BTreeMap<Uuid, &'a Payment>,
    pub(super) outbox: HashMap<Uuid, &'a OutboxRow>,
    /// Events on the topics, by id, each with all its records in the order of reading.
    pub(super) published: BTreeMap<Uuid, Vec<&'a Record>>,
    /// What order-service wrote down of each order, in its order.
    pub(super) order_history: HashMap<Uuid, Vec<&'a HistoryEntry>>,
    /// Records in dead-letter topics.
    pub(super) parked: Vec<&'a Record>,
    /// Events in dead-letter topics, with the consumer that parked them.
    parked_ids: HashSet<(Option<&'a str>, Uuid)>,
    pub(super) claims: HashMap<&'a Claim, usize>,
    pub(super) reservations: HashMap<Uuid, Vec<&'a Reservation>>,
    pub(super) transfers: Vec<Transfer>,
    captures: HashMap<Uuid, Vec<usize>>,
    refunds: HashMap<String, Vec<usize>>,
    /// Attempts to place an order, by user and key.
    pub(super) placements: BTreeMap<Key<'a>, Vec<&'a Operation>>,
    /// Kept answers to placements, by the order they made.
    pub(super) kept_placements: BTreeMap<Uuid, Vec<&'a KeptAnswer>>,
    /// Users whose accounts are gone.
    pub(super) deleted_users: HashSet<Uuid>,
    /// Users the journal knows: nobody else's rows are judged by what clients were told.
    pub(super) known_users: BTreeSet<Uuid>,
}

impl<'a> Facts<'a> {
    /// Works the cross references out.
    #[must_use]
    pub fn of(history: &'a History) -> Self {
        let (operations, observed) = (history.journal.operations.as_slice(), &history.observed);
        let database = &observed.database;
        let (parked, records): (Vec<&Record>, Vec<&Record>) =
            observed.kafka.records.iter().partition(|record| record.topic.ends_with(DEAD_LETTERS));
        let transfers: Vec<_> =
            observed.ledger.iter().filter_map(crate::observed::Entry::transfer).collect();
        Self {
            operations,
            observed,
            // The registry is compiled in and a test reads it; without it every topic would have no consumer, and be red.
            consumers: Consumers::registered().unwrap_or_else(|_| Consumers::none()),
            users: database.users.iter().copied().collect(),
            orders: database.orders.iter().map(|order| (order.id, order)).collect(),
            payments: database.payments.iter().map(|payment| (payment.id, payment)).collect(),
            outbox: database.outbox.iter().map(|row| (row.event_id, row)).collect(),
            published: by_event(&records),
            parked_ids: parked
                .iter()
                .filter_map(|record| Some((parked_by(record), record.event_id()?)))
                .collect(),
            parked,
            claims: counted(&database.inbox),
            order_history: grouped(
                database.order_history.iter().map(|entry| (entry.order_id, entry)),
            ),
            reservations: grouped(database.reservations.iter().map(|row| (row.order_id, row))),
            captures: places(&transfers, TransferKind::Capture, |transfer| transfer.order_id),
            refunds: places(&transfers, TransferKind::Refund, |transfer| transfer.charge.clone()),
            transfers,
            placements: placements(operations),
            kept_placements: kept_placements(&database.kept_answers),
            deleted_users: deleted(&records),
            known_users: operations
                .iter()
                .filter_map(|operation| operation.request.user_id)
                .collect(),
        }
    }

    /// Operations that ended so.
    pub(super) fn ended(&self, outcome: Outcome) -> impl Iterator<Item = &'a Operation> {
        self.operations.iter().filter(move |operation| operation.outcome() == outcome)
    }

    /// Whether a consumer parked a record, or the event it is. What others parked is no excuse for it.
    pub(super) fn is_parked_by(&self, consumer: &str, record: &Record) -> bool {
        match record.event_id() {
            Some(id) => self.parked_ids.contains(&(Some(consumer), id)),
            None => self.twins(record).any(|parked| parked_by(parked) == Some(consumer)),
        }
    }

    /// Whether anybody parked a record that is no event.
    pub(super) fn is_parked_stranger(&self, record: &Record) -> bool {
        self.twins(record).next().is_some()
    }

    /// Parked records of the same topic with the same content.
    fn twins(&self, record: &Record) -> impl Iterator<Item = &'a Record> {
        self.parked.iter().copied().filter(|parked| {
            parked.topic.trim_end_matches(DEAD_LETTERS) == record.topic
                && parked.payload == record.payload
        })
    }

    /// How often a consumer claims an event.
    pub(super) fn claims_of(&self, consumer: &str, event_id: Uuid) -> usize {
        let claim = Claim { consumer: consumer.to_owned(), event_id };
        self.claims.get(&claim).copied().unwrap_or_default()
    }

    /// Money taken for an order.
    pub(super) fn captures(&self, order_id: Uuid) -> impl Iterator<Item = &Transfer> {
        self.captures
            .get(&order_id)
            .into_iter()
            .flatten()
            .filter_map(|place| self.transfers.get(*place))
    }

    /// Money given back of a charge.
    fn refunds(&self, charge: &Transfer) -> impl Iterator<Item = &Transfer> {
        let places = charge.charge.as_ref().and_then(|charge| self.refunds.get(charge));
        places.into_iter().flatten().filter_map(|place| self.transfers.get(*place))
    }

    /// What was taken and not given back, in minor units.
    pub(super) fn kept_of(&self, charge: &Transfer) -> i64 {
        let captured = charge.amount_minor.unwrap_or_default();
        let back: i64 =
            self.refunds(charge).map(|refund| refund.amount_minor.unwrap_or(captured)).sum();
        captured - back
    }

    /// First records of the events of each aggregate, in the order of their offsets.
    pub(super) fn lives(&self) -> BTreeMap<(&'a str, &'a str), Vec<&'a Record>> {
        let mut lives: BTreeMap<_, Vec<&Record>> = BTreeMap::new();
        for records in self.published.values() {
            if let Some(first) = records.first()
                && let Some(key) = first.key.as_deref()
            {
                lives.entry((first.topic.as_str(), key)).or_default().push(first);
            }
        }
        for life in lives.values_mut() {
            life.sort_by_key(|record| (record.partition, record.offset));
        }
        lives
    }
}

/// The document in an operation's answer, null if there is none.
pub(super) fn answered(operation: &Operation) -> Value {
    operation.body().and_then(|body| serde_json::from_str(body).ok()).unwrap_or(Value::Null)
}

/// An id in an operation's answer.
pub(super) fn answered_id(operation: &Operation, field: &str) -> Option<Uuid> {
    answered(operation)[field].as_str()?.parse().ok()
}

/// Who could not handle a parked record, as its header says.
fn parked_by(record: &Record) -> Option<&str> {
    record.headers.get(DEAD_LETTER_CONSUMER).map(String::as_str)
}

fn by_event<'a>(records: &[&'a Record]) -> BTreeMap<Uuid, Vec<&'a Record>> {
    let mut published: BTreeMap<Uuid, Vec<&Record>> = BTreeMap::new();
    for record in records {
        if let Some(id) = record.event_id() {
            published.entry(id).or_default().push(record);
        }
    }
    for records in published.values_mut() {
        records.sort_by_key(|record| (record.partition, record.offset));
    }
    published
}

fn deleted(records: &[&Record]) -> HashSet<Uuid> {
    let deleted = records.iter().filter(|record| record.event_type() == "UserDeletedEvent");
    deleted.filter_map(|record| record.key.as_deref()?.parse().ok()).collect()
}

fn placements(operations: &[Operation]) -> BTreeMap<Key<'_>, Vec<&Operation>> {
    let mut placements: BTreeMap<_, Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
        if let Action::PlaceOrder { idempotency_key, .. } = &operation.request.action
            && let Some(user_id) = operation.request.user_id
        {
            placements.entry((user_id, idempotency_key.as_str())).or_default().push(operation);
        }
    }
    placements
}

fn kept_placements(kept_answers: &[KeptAnswer]) -> BTreeMap<Uuid, Vec<&KeptAnswer>> {
    let mut kept_placements: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for kept in kept_answers.iter().filter(|kept| kept.service == "order_service") {
        kept_placements.entry(kept.subject_id).or_default().push(kept);
    }
    kept_placements
}

fn places<K: Eq + Hash>(
    transfers: &[Transfer],
    kind: TransferKind,
    key: impl Fn(&Transfer) -> Option<K>,
) -> HashMap<K, Vec<usize>> {
    let of_kind = transfers.iter().enumerate().filter(|(_, transfer)| transfer.kind == kind);
    grouped(of_kind.filter_map(|(place, transfer)| Some((key(transfer)?, place))))
}

fn counted(claims: &[Claim]) -> HashMap<&Claim, usize> {
    let mut counted = HashMap::new();
    for claim in claims {
        *counted.entry(claim).or_default() += 1;
    }
    counted
}

fn grouped<K: Eq + Hash, V>(pairs: impl Iterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}
