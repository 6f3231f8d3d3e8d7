//! I2: what a client was told is refused left nothing behind, and every row of a known user stems from something that user did.

use std::collections::{BTreeMap, HashSet};

use uuid::Uuid;

use super::acknowledged_writes::{kept, wanted};
use super::facts::{Facts, Key, answered_id};
use super::{Findings, acknowledged_writes};
use crate::journal::{Action, Operation, Outcome};
use crate::observed::Order;

const UNDONE: &str =
    "the service that refused: it had written before it decided, in another transaction";

pub(super) fn judge(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    orders(facts, &mut findings);
    payments(facts, &mut findings);
    cancellations(facts, &mut findings);
    refunds(facts, &mut findings);
    findings
}

/// Every order of a known user belongs to an attempt that was not refused. Each attempt explains one order.
fn orders(facts: &Facts<'_>, findings: &mut Findings) {
    let mut open = unexplained(facts);
    let told = told(facts);
    for order in facts.orders.values().filter(|order| facts.known_users.contains(&order.user_id)) {
        findings.examine();
        let keys = keys_of(facts, order);
        let attempts: Vec<_> =
            keys.iter().filter_map(|key| facts.placements.get(key)).flatten().collect();
        let is_refused = !attempts.is_empty()
            && attempts.iter().all(|attempt| attempt.outcome() == Outcome::Fail);
        if is_refused {
            let ids: Vec<_> = attempts.iter().map(|attempt| attempt.id.to_string()).collect();
            let seen = format!(
                "order {} is `{}`, and all of {} were refused",
                order.id,
                order.status,
                ids.join(", ")
            );
            findings.violation(&[&order.id], "no order: every attempt was refused", seen, UNDONE);
        } else if attempts.is_empty() && !told.contains(&order.id) && !take(&mut open, order) {
            let expected = "an order that somebody asked for, once";
            let seen =
                format!("order {} of user {} that no attempt explains", order.id, order.user_id);
            let culprit = "order-service: the key is checked and written apart, or a refused attempt was kept";
            findings.violation(&[&order.id], expected, seen, culprit);
        }
    }
}

/// Attempts of unknown outcome under keys that made no order we know of, with what they asked for.
fn unexplained<'a>(facts: &Facts<'a>) -> Vec<(Key<'a>, BTreeMap<Uuid, i64>)> {
    let explained: HashSet<Key<'_>> =
        facts.orders.values().flat_map(|order| keys_of(facts, order)).collect();
    let is_open = |attempts: &[&Operation]| {
        attempts.iter().any(|attempt| attempt.outcome() == Outcome::Unknown)
            && attempts.iter().all(|attempt| attempt.outcome() != Outcome::Ok)
    };
    facts
        .placements
        .iter()
        .filter(|(key, attempts)| is_open(attempts) && !explained.contains(key))
        .filter_map(|(key, attempts)| {
            let Action::PlaceOrder { items, .. } = &attempts.first()?.request.action else {
                return None;
            };
            Some((*key, wanted(items)))
        })
        .collect()
}

fn take(open: &mut Vec<(Key<'_>, BTreeMap<Uuid, i64>)>, order: &Order) -> bool {
    let asked = kept(order);
    let place =
        open.iter().position(|((user, _), items)| *user == order.user_id && *items == asked);
    place.map(|place| open.swap_remove(place)).is_some()
}

fn keys_of<'a>(facts: &Facts<'a>, order: &Order) -> Vec<Key<'a>> {
    let kept = facts.kept_placements.get(&order.id).into_iter().flatten();
    kept.map(|kept| (kept.user_id, kept.key.as_str())).collect()
}

/// Orders that clients were told of.
fn told(facts: &Facts<'_>) -> HashSet<Uuid> {
    facts
        .ended(Outcome::Ok)
        .filter(|operation| matches!(operation.request.action, Action::PlaceOrder { .. }))
        .filter_map(|operation| answered_id(operation, "order_id"))
        .collect()
}

/// A refused payment took no money, unless another attempt for the same order was not refused.
fn payments(facts: &Facts<'_>, findings: &mut Findings) {
    let mut attempts: BTreeMap<Uuid, Vec<&Operation>> = BTreeMap::new();
    for operation in facts.operations {
        if let Action::Pay { order_id, .. } = operation.request.action {
            attempts.entry(order_id).or_default().push(operation);
        }
    }
    for (order_id, attempts) in attempts {
        if attempts.iter().any(|attempt| attempt.outcome() != Outcome::Fail) {
            continue;
        }
        findings.examine();
        for charge in facts.captures(order_id).filter(|charge| facts.kept_of(charge) > 0) {
            let ids: Vec<_> = attempts.iter().map(|attempt| attempt.id.to_string()).collect();
            let seen = format!(
                "ledger entry {} took money, and all of {} were refused",
                charge.entry,
                ids.join(", ")
            );
            findings.violation(
                &[&order_id],
                "no money is taken for a refused payment",
                seen,
                UNDONE,
            );
        }
        let is_paid =
            facts.orders.get(&order_id).is_some_and(|order| acknowledged_writes::is_paid(order));
        if is_paid {
            let expected = "an order whose payments were all refused is not paid";
            findings.violation(&[&order_id], expected, "the order counts as paid", UNDONE);
        }
    }
}

/// An order is cancelled by its customer only if the customer was not told "no" each time.
fn cancellations(facts: &Facts<'_>, findings: &mut Findings) {
    let asked: HashSet<Uuid> = facts
        .operations
        .iter()
        .filter(|operation| operation.outcome() != Outcome::Fail)
        .filter_map(|operation| operation.request.action.gives_up())
        .collect();
    for entry in &facts.observed.database.order_history {
        let Some(order) = facts.orders.get(&entry.order_id) else { continue };
        let by_customer = entry.status == "cancelled" && entry.notes.as_deref() == Some("customer");
        if !by_customer || !facts.known_users.contains(&order.user_id) {
            continue;
        }
        findings.examine();
        if !asked.contains(&entry.order_id) {
            let expected = "a cancellation that the customer asked for and was not refused";
            findings.violation(&[&entry.order_id], expected, "cancelled by the customer", UNDONE);
        }
    }
}

/// The money of an order goes back only if its customer asked for that and was not told "no" each time.
fn refunds(facts: &Facts<'_>, findings: &mut Findings) {
    let asked: HashSet<Uuid> = facts
        .operations
        .iter()
        .filter(|operation| operation.outcome() != Outcome::Fail)
        .filter_map(|operation| {
            let Action::Refund { payment_id } = operation.request.action else { return None };
            facts.payments.get(&payment_id)
        })
        .map(|payment| payment.order_id)
        .collect();
    let is_known = |order: &&&Order| facts.known_users.contains(&order.user_id);
    for order in facts.orders.values().filter(is_known).filter(|order| order.status == "refunded") {
        findings.examine();
        if !asked.contains(&order.id) {
            let expected = "a refund that the customer asked for and was not refused";
            findings.violation(&[&order.id], expected, "the order is `refunded`", UNDONE);
        }
    }
}
