//! I3: one order per key, one charge per order in the provider's own ledger, and the sums agree.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::Findings;
use super::acknowledged_writes::is_paid;
use super::facts::{Facts, Key, answered_id};
use crate::journal::Outcome;
use crate::observed::{Order, Transfer, TransferKind};

const TWICE_ASKED: &str = "payment-service: a repetition is sent to the provider under another key";

pub(super) fn judge(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    one_order_per_key(facts, &mut findings);
    one_row_per_key(facts, &mut findings);
    for order in facts.orders.values() {
        findings.examine();
        one_charge(facts, order, &mut findings);
    }
    charges_without_order(facts, &mut findings);
    one_request_per_key(facts, &mut findings);
    sums(facts, &mut findings);
    findings
}

fn one_order_per_key(facts: &Facts<'_>, findings: &mut Findings) {
    let mut made: HashMap<Key<'_>, Vec<Uuid>> = HashMap::new();
    for (order, kept) in
        facts.kept_placements.iter().filter(|(order, _)| facts.orders.contains_key(order))
    {
        for kept in kept {
            made.entry((kept.user_id, &kept.key)).or_default().push(*order);
        }
    }
    for ((user_id, key), attempts) in &facts.placements {
        findings.examine();
        let told = attempts.iter().filter(|attempt| attempt.outcome() == Outcome::Ok);
        let mut orders: BTreeSet<Uuid> =
            told.filter_map(|attempt| answered_id(attempt, "order_id")).collect();
        orders.extend(made.get(&(*user_id, *key)).into_iter().flatten());
        if orders.len() > 1 {
            let orders: Vec<_> = orders.iter().map(Uuid::to_string).collect();
            let expected = format!("one order for key `{key}` of user {user_id}");
            let culprit =
                "order-service: the key is checked first and written later, without a unique index";
            findings.violation(
                &[key, user_id],
                expected,
                format!("orders {}", orders.join(", ")),
                culprit,
            );
        }
    }
}

fn one_row_per_key(facts: &Facts<'_>, findings: &mut Findings) {
    let mut rows: BTreeMap<_, u32> = BTreeMap::new();
    for kept in &facts.observed.database.kept_answers {
        *rows
            .entry((
                kept.service.as_str(),
                kept.user_id,
                kept.operation.as_str(),
                kept.key.as_str(),
            ))
            .or_default() += 1;
    }
    for ((service, user_id, operation, key), count) in rows {
        if count > 1 {
            let expected = format!(
                "one row of {service}.idempotency_keys for {operation} under `{key}` of {user_id}"
            );
            let culprit = format!("{service}: the unique index of idempotency_keys is gone");
            findings.violation(&[&key, &user_id], expected, format!("{count} rows"), culprit);
        }
    }
}

fn one_charge(facts: &Facts<'_>, order: &Order, findings: &mut Findings) {
    let charges: Vec<&Transfer> = facts.captures(order.id).collect();
    let entries: Vec<_> = charges.iter().map(|charge| charge.entry.to_string()).collect();
    if charges.len() > 1 {
        let seen = format!("ledger entries {}", entries.join(", "));
        findings.violation(
            &[&order.id],
            "at most one captured charge per order",
            seen,
            TWICE_ASKED,
        );
    }
    let Some(charge) = charges.first() else {
        if is_paid(order) {
            let seen =
                format!("the order is `{}` and the ledger has no charge for it", order.status);
            let culprit = "payment-service: it takes an unknown outcome for a success";
            findings.violation(
                &[&order.id],
                "a paid order has its charge in the ledger",
                seen,
                culprit,
            );
        }
        return;
    };
    fits(order, charge, findings);
    settled(facts, order, charge, findings);
}

fn fits(order: &Order, charge: &Transfer, findings: &mut Findings) {
    let is_same = charge.amount_minor == Some(order.total_minor)
        && charge.currency.as_ref().is_none_or(|currency| *currency == order.currency);
    if !is_same {
        let expected = format!("a charge of {} {}", order.total_minor, order.currency);
        let seen = format!(
            "ledger entry {} took {:?} {:?}",
            charge.entry, charge.amount_minor, charge.currency
        );
        findings.violation(
            &[&order.id],
            expected,
            seen,
            "payment-service: it charges what the client said",
        );
    }
}

/// The shop keeps the money of exactly the orders that are paid and not refunded.
fn settled(facts: &Facts<'_>, order: &Order, charge: &Transfer, findings: &mut Findings) {
    let kept = facts.kept_of(charge);
    if kept < 0 {
        let seen = format!("{} more went back than ledger entry {} had taken", -kept, charge.entry);
        let culprit = "payment-service: a refund is sent again under another key";
        findings.violation(&[&order.id], "no more goes back than was taken", seen, culprit);
    }
    match order.status.as_str() {
        "refunded" if kept > 0 => {
            let seen = format!("{kept} of ledger entry {} was kept", charge.entry);
            let culprit = "payment-service: a refund of unknown outcome counts as done";
            findings.violation(
                &[&order.id],
                "the money of a refunded order went back",
                seen,
                culprit,
            );
        }
        "created" | "payment_pending" | "cancelled" if kept > 0 => {
            let seen = format!(
                "ledger entry {} took {kept} and the order is `{}`",
                charge.entry, order.status
            );
            let culprit = "payment-service: a charge is not recorded, or order-service missed PaymentProcessed";
            findings.violation(&[&order.id], "money is kept for paid orders only", seen, culprit);
        }
        "paid" | "completed" if kept <= 0 => {
            let seen = format!(
                "all of ledger entry {} went back and the order is `{}`",
                charge.entry, order.status
            );
            let culprit = "payment-service: it tells nobody of a refund, or order-service missed PaymentRefunded";
            findings.violation(
                &[&order.id],
                "the shop has the money of a paid order",
                seen,
                culprit,
            );
        }
        "cancelled" => {
            findings.anomaly(
                &[&order.id],
                "charged, and the money went back because the order was cancelled",
            );
        }
        _ => {}
    }
}

fn charges_without_order(facts: &Facts<'_>, findings: &mut Findings) {
    for charge in facts.transfers.iter().filter(|transfer| transfer.kind == TransferKind::Capture) {
        let is_known = charge.order_id.is_some_and(|order| facts.orders.contains_key(&order));
        if !is_known && facts.kept_of(charge) > 0 {
            let seen = format!(
                "ledger entry {} took {:?} for {:?}",
                charge.entry, charge.amount_minor, charge.order_id
            );
            let culprit =
                "order-service lost an order, or payment-service charges what nobody ordered";
            findings.violation(&[&charge.entry], "each charge is of an order", seen, culprit);
        }
    }
}

/// The provider refuses a key that comes with another request: whoever sends that has made a new request of a repetition.
fn one_request_per_key(facts: &Facts<'_>, findings: &mut Findings) {
    for entry in facts.observed.ledger.iter().filter(|entry| entry.outcome == "refused") {
        let key = entry.idempotency_key.as_deref().unwrap_or("none");
        let seen =
            format!("ledger entry {} refused {} under key `{key}`", entry.id, entry.operation);
        let culprit = "the service that asked: it does not send again what it sent first";
        findings.violation(&[&entry.id], "one request under one key", seen, culprit);
    }
}

/// What was ever captured, by currency, is what the paid orders cost.
fn sums(facts: &Facts<'_>, findings: &mut Findings) {
    let (mut captured, mut owed): (BTreeMap<&str, i64>, BTreeMap<&str, i64>) = Default::default();
    for order in facts.orders.values() {
        let charges: Vec<&Transfer> = facts.captures(order.id).collect();
        // Money that went back from an order that was never paid is in neither sum.
        for charge in charges.iter().filter(|charge| is_paid(order) || facts.kept_of(charge) > 0) {
            *captured.entry(&order.currency).or_default() +=
                charge.amount_minor.unwrap_or_default();
        }
        if is_paid(order) {
            *owed.entry(&order.currency).or_default() += order.total_minor;
        }
    }
    if captured != owed {
        let expected = format!("captured is what paid orders cost: {owed:?}");
        findings.violation(
            &[&"sum"],
            expected,
            format!("{captured:?}"),
            "see the orders named above",
        );
    }
}
