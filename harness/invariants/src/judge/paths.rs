//! I7: each aggregate lives a legal life, its events tell it, and their offsets are in the order of its versions.

use super::Findings;
use super::facts::Facts;
use crate::contract::{PENDING_ORDER, UNFINISHED_PAYMENTS, is_event_step, is_order_step};
use crate::observed::{Order, Record};

pub(super) fn judge(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    let lives = facts.lives();
    for ((topic, key), life) in &lives {
        findings.examine();
        in_order(facts, key, life, &mut findings);
        if *topic == "order-events" {
            order_events(facts, key, life, &mut findings);
        } else {
            other_events(key, life, &mut findings);
        }
    }
    for order in facts.orders.values() {
        findings.examine();
        written(facts, order, &mut findings);
        waits(facts, order, &mut findings);
        if !lives.contains_key(&("order-events", order.id.to_string().as_str())) {
            let culprit = "order-service: state and event are not one transaction";
            findings.violation(
                &[&order.id],
                "an order's events tell of it",
                "it has none",
                culprit,
            );
        }
    }
    findings
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

/// The status an order's event tells of.
fn told(record: &Record) -> String {
    match record.event_type() {
        "OrderCreatedEvent" => "created".to_owned(),
        "OrderPaymentProcessedEvent" => "paid".to_owned(),
        "OrderCompletedEvent" => "completed".to_owned(),
        "OrderCancelledEvent" => "cancelled".to_owned(),
        "OrderUpdatedEvent" => record.payload.json()["status"].as_str().unwrap_or("?").to_owned(),
        other => other.to_owned(),
    }
}

fn order_events(facts: &Facts<'_>, key: &str, life: &[&Record], findings: &mut Findings) {
    let path: Vec<String> = life.iter().map(|record| told(record)).collect();
    legal(
        key,
        &path,
        is_order_step,
        "order-service: a step is decided on a state that was over",
        findings,
    );
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

fn other_events(key: &str, life: &[&Record], findings: &mut Findings) {
    let path: Vec<String> = life.iter().map(|record| record.event_type().to_owned()).collect();
    legal(
        key,
        &path,
        is_event_step,
        "its service: a step is decided on a state that was over",
        findings,
    );
}

/// What order-service wrote down is legal, too, and ends where the order is.
fn written(facts: &Facts<'_>, order: &Order, findings: &mut Findings) {
    let entries = facts.order_history.get(&order.id).into_iter().flatten();
    let path: Vec<String> = entries.map(|entry| entry.status.clone()).collect();
    let culprit = "order-service: a step is decided on a state that was over";
    legal(&order.id.to_string(), &path, is_order_step, culprit, findings);
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

fn legal(
    key: &str,
    path: &[String],
    is_step: fn(Option<&str>, &str) -> bool,
    culprit: &str,
    findings: &mut Findings,
) {
    let mut from = None;
    for to in path {
        if !is_step(from, to) {
            let seen = path.join(" -> ");
            let expected =
                format!("a legal life; `{to}` does not follow `{}`", from.unwrap_or("nothing"));
            findings.violation(&[&key], expected, seen, culprit);
            return;
        }
        from = Some(to);
    }
}
