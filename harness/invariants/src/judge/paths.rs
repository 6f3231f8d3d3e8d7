//! I7: each aggregate lives a legal life, its events tell it, and their offsets are in the order of its versions.
//!
//! Where Kafka has thrown the beginning of a partition away, lives are judged from where they are seen.

mod life;

use std::collections::BTreeMap;

use super::Findings;
use super::facts::Facts;
use super::kept::what_is_gone;
use crate::contract::{DEAD_LETTERS, PENDING_ORDER, UNFINISHED_PAYMENTS, payment_statuses};
use crate::observed::{Order, Record};
use life::Life;

const ORDERS: &str = "order-events";
const PAYMENTS: &str = "payment-events";

type Lives<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a Record>>;

pub(super) fn judge(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    let lives = facts.lives();
    told(facts, &lives, &mut findings);
    orders(facts, &lives, &mut findings);
    let trimmed = facts.trimmed().filter(|log| !log.topic.ends_with(DEAD_LETTERS));
    findings.not_judged.extend(trimmed.map(what_is_gone));
    findings
}

/// What events tell.
fn told(facts: &Facts<'_>, lives: &Lives<'_>, findings: &mut Findings) {
    let mut cut: Vec<&str> = Vec::new();
    for ((topic, key), records) in lives {
        findings.examine();
        in_order(facts, key, records, findings);
        let life = Life::told(facts, topic, key, records);
        life.judge(findings);
        if *topic == ORDERS {
            ends(facts, key, &life.path, findings);
        } else if *topic == PAYMENTS {
            payment_ends(facts, key, &life.path, findings);
        }
        cut.extend(life.is_cut.then_some(*key));
    }
    if let Some(one) = cut.first() {
        let reason =
            format!("how {} lives began, one is {one}: Kafka has thrown it away", cut.len());
        findings.not_judged.push(reason);
    }
}

/// What order-service keeps of its orders.
fn orders(facts: &Facts<'_>, lives: &Lives<'_>, findings: &mut Findings) {
    let mut untold = Vec::new();
    for order in facts.orders.values() {
        findings.examine();
        written(facts, order, findings);
        waits(facts, order, findings);
        if lives.contains_key(&(ORDERS, order.id.to_string().as_str())) {
            continue;
        }
        if facts.is_trimmed(ORDERS) && facts.is_beyond_outbox(order.created_at) {
            untold.push(order.id);
        } else {
            let culprit = "order-service: state and event are not one transaction";
            let expected = "an order's events tell of it";
            findings.violation(&[&order.id], expected, "it has none", culprit);
        }
    }
    if let Some(one) = untold.first() {
        let count = untold.len();
        let reason =
            format!("what events told of {count} orders, one is {one}: Kafka has thrown it away");
        findings.not_judged.push(reason);
    }
}

/// Offsets follow the order in which the events were written.
fn in_order(facts: &Facts<'_>, key: &str, life: &[&Record], findings: &mut Findings) {
    if life.windows(2).any(|pair| matches!(pair, [a, b] if a.partition != b.partition)) {
        let seen = life.iter().map(|record| record.place()).collect::<Vec<_>>().join(", ");
        let culprit = "the relay: records of one aggregate do not carry one key";
        findings.violation(&[&key], "one aggregate, one partition", seen, culprit);
        return;
    }
    let rows = life.iter().filter_map(|record| facts.outbox.get(&record.event_id()?));
    let positions: Vec<i64> = rows.map(|row| row.position).collect();
    if !positions.is_sorted() {
        let expected = "offsets in the order in which the events were written";
        let seen = format!("outbox positions in the order of offsets: {positions:?}");
        findings.violation(
            &[&key],
            expected,
            seen,
            "the relay: two of them ran, or a failed record was overtaken",
        );
    }
}

/// What events tell of an order ends where the order is.
fn ends(facts: &Facts<'_>, key: &str, path: &[String], findings: &mut Findings) {
    let Some(order) = key.parse().ok().and_then(|id| facts.orders.get(&id)) else {
        findings.violation(
            &[&key],
            "events are of an order that is there",
            path.join(" -> "),
            "order-service lost the order",
        );
        return;
    };
    if path.last() != Some(&order.status) {
        let expected = format!("the events end where the order is: `{}`", order.status);
        let culprit =
            "order-service: a step was written without its event, or an event without its step";
        findings.violation(&[&order.id], expected, path.join(" -> "), culprit);
    }
}

/// What events tell of a payment ends where the payment is. Of a payment that nobody let in events are all there is.
fn payment_ends(facts: &Facts<'_>, key: &str, path: &[String], findings: &mut Findings) {
    let payment = key.parse().ok().and_then(|id| facts.payments.get(&id));
    let (Some(payment), Some(last)) = (payment, path.last()) else { return };
    if !payment_statuses(last).contains(&payment.status.as_str()) {
        let expected = format!("the events end where the payment is: `{}`", payment.status);
        let culprit =
            "payment-service: a step was written without its event, or an event without its step";
        findings.violation(&[&payment.id], expected, path.join(" -> "), culprit);
    }
}

/// What order-service wrote down is legal, too, and ends where the order is.
fn written(facts: &Facts<'_>, order: &Order, findings: &mut Findings) {
    let entries = facts.order_history.get(&order.id).into_iter().flatten();
    let path: Vec<String> = entries.map(|entry| entry.status.clone()).collect();
    let life = Life::of_order(order.id.to_string(), path);
    life.judge(findings);
    let path = &life.path;
    if path.last() != Some(&order.status) {
        let expected = format!("the written history ends where the order is: `{}`", order.status);
        findings.violation(
            &[&order.id],
            expected,
            path.join(" -> "),
            "order-service: state and history are written apart",
        );
    }
}

/// An order waits for a payment only while there is one under way: else it waits for ever, and holds stock.
fn waits(facts: &Facts<'_>, order: &Order, findings: &mut Findings) {
    if order.status != PENDING_ORDER {
        return;
    }
    let payment = facts.payments.values().find(|payment| payment.order_id == order.id);
    let status = payment.map_or("not there", |payment| payment.status.as_str());
    if !UNFINISHED_PAYMENTS.contains(&status) {
        let culprit = if payment.is_some() {
            "order-service: it did not hear what became of the payment"
        } else {
            "payment-service: it opens a payment that it has not written down"
        };
        findings.violation(
            &[&order.id],
            format!("an order that is `{PENDING_ORDER}` has a payment under way"),
            format!("its payment is {status}"),
            culprit,
        );
    }
}
