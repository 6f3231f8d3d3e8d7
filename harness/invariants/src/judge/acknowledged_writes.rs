//! I1: whatever a client was told is done is there, as it was told. Orders byte for byte, payments, cancellations and refunds too.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::Findings;
use super::facts::{Facts, answered, answered_id};
use crate::contract::PAID;
use crate::journal::{Action, Item, Operation, Outcome};
use crate::observed::{KeptAnswer, Order, ledger_decimal};

const LOST: &str =
    "the service that answered: it replied before its commit, or the database lost a commit";
const ALTERED: &str =
    "the service that answered: what it says and what it stores are not made from one value";

pub(super) fn judge(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    for operation in facts.ended(Outcome::Ok) {
        match &operation.request.action {
            Action::PlaceOrder { idempotency_key, items } => {
                findings.examine();
                placed(facts, operation, idempotency_key, items, &mut findings);
            }
            Action::Pay { order_id, .. } => {
                findings.examine();
                paid(facts, operation, *order_id, &mut findings);
            }
            Action::Cancel { order_id } => {
                findings.examine();
                cancelled(facts, operation, *order_id, &mut findings);
            }
            Action::Refund { payment_id } => {
                findings.examine();
                refunded(facts, operation, *payment_id, &mut findings);
            }
            Action::Login => {
                findings.examine();
                known(facts, operation, &mut findings);
            }
            Action::Register | Action::Logout | Action::Browse | Action::ReadOrder { .. } => {}
        }
    }
    same_answer_again(facts, &mut findings);
    findings
}

fn placed(
    facts: &Facts<'_>,
    operation: &Operation,
    key: &str,
    items: &[Item],
    findings: &mut Findings,
) {
    let Some(order_id) = answered_id(operation, "order_id") else {
        let seen = operation.body().unwrap_or("no body").to_owned();
        findings.violation(&[&operation.id], "an answer that names the order", seen, ALTERED);
        return;
    };
    let Some(order) = facts.orders.get(&order_id) else {
        let expected = "the order that was acknowledged is in `orders`";
        findings.violation(&[&operation.id, &order_id], expected, "there is no such row", LOST);
        return;
    };
    let told = told_of(&answered(operation));
    let stored = stored_as(order);
    if told != stored {
        let expected = format!("the row says what the client was told: {told:?}");
        findings.violation(&[&operation.id, &order_id], expected, format!("{stored:?}"), ALTERED);
    }
    if wanted(items) != kept(order) {
        let expected = format!("the lines that were asked for: {:?}", wanted(items));
        findings.violation(
            &[&operation.id, &order_id],
            expected,
            format!("{:?}", kept(order)),
            ALTERED,
        );
    }
    for kept in
        facts.kept_placements.get(&order_id).into_iter().flatten().filter(|kept| kept.key == key)
    {
        byte_equal(operation, order_id, kept, findings);
    }
}

fn byte_equal(operation: &Operation, order_id: Uuid, kept: &KeptAnswer, findings: &mut Findings) {
    if let Some(body) = &kept.body
        && operation.body() != Some(body)
    {
        let expected =
            format!("byte for byte the answer that is kept under key `{}`: {body}", kept.key);
        let seen = operation.body().unwrap_or("no body").to_owned();
        findings.violation(
            &[&operation.id, &order_id],
            expected,
            seen,
            "order-service, or a proxy that rewrites bodies",
        );
    }
}

/// What both an answer and a row tell, in one order, to be compared.
fn told_of(answer: &Value) -> BTreeMap<&'static str, String> {
    let text = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
    let items = answer["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut lines: Vec<_> = items
        .iter()
        .map(|item| {
            let price = ledger_decimal(&item["unit_price"]).unwrap_or(-1);
            format!(
                "{} x {} at {price}",
                item["quantity"],
                item["product_id"].as_str().unwrap_or_default()
            )
        })
        .collect();
    lines.sort();
    BTreeMap::from([
        ("user_id", text("user_id")),
        ("total", ledger_decimal(&answer["total_amount"]).unwrap_or(-1).to_string()),
        ("currency", text("currency")),
        ("items", lines.join(", ")),
    ])
}

fn stored_as(order: &Order) -> BTreeMap<&'static str, String> {
    let mut lines: Vec<_> = order
        .items
        .iter()
        .map(|item| format!("{} x {} at {}", item.quantity, item.product_id, item.unit_price_minor))
        .collect();
    lines.sort();
    BTreeMap::from([
        ("user_id", order.user_id.to_string()),
        ("total", order.total_minor.to_string()),
        ("currency", order.currency.clone()),
        ("items", lines.join(", ")),
    ])
}

pub(super) fn wanted(items: &[Item]) -> BTreeMap<Uuid, i64> {
    items.iter().map(|item| (item.product_id, i64::from(item.quantity))).collect()
}

pub(super) fn kept(order: &Order) -> BTreeMap<Uuid, i64> {
    order.items.iter().map(|item| (item.product_id, item.quantity)).collect()
}

fn paid(facts: &Facts<'_>, operation: &Operation, order_id: Uuid, findings: &mut Findings) {
    let Some(payment) = answered_id(operation, "payment_id").and_then(|id| facts.payments.get(&id))
    else {
        let expected = "the payment that was acknowledged is in `payments`";
        findings.violation(&[&operation.id, &order_id], expected, "there is no such row", LOST);
        return;
    };
    let told = answered(operation)["status"].as_str().unwrap_or_default().to_owned();
    // What was processed stays so, unless it went back since.
    let is_kept = told != "processed"
        || !matches!(payment.status.as_str(), "initiated" | "pending" | "failed");
    if payment.order_id != order_id || !is_kept {
        let expected = format!("a payment of order {order_id} that is `{told}` or further");
        let seen = format!("payment of order {} is `{}`", payment.order_id, payment.status);
        findings.violation(&[&operation.id, &payment.id], expected, seen, ALTERED);
    }
}

fn cancelled(facts: &Facts<'_>, operation: &Operation, order_id: Uuid, findings: &mut Findings) {
    let status = facts.orders.get(&order_id).map_or("not there", |order| order.status.as_str());
    if status != "cancelled" {
        let seen = format!("the order is {status}");
        findings.violation(
            &[&operation.id, &order_id],
            "the acknowledged cancellation stands",
            seen,
            LOST,
        );
    }
}

fn refunded(facts: &Facts<'_>, operation: &Operation, payment_id: Uuid, findings: &mut Findings) {
    let Some(payment) = facts.payments.get(&payment_id) else {
        findings.violation(
            &[&operation.id, &payment_id],
            "the refunded payment is there",
            "there is no such row",
            LOST,
        );
        return;
    };
    let told = answered(operation)["status"].as_str().unwrap_or_default().to_owned();
    if told == "refunded" && payment.status != "refunded" {
        let seen = format!("the payment is `{}`", payment.status);
        findings.violation(
            &[&operation.id, &payment_id],
            "the acknowledged refund stands",
            seen,
            LOST,
        );
    }
}

fn known(facts: &Facts<'_>, operation: &Operation, findings: &mut Findings) {
    let Some(user_id) = answered_id(operation, "user_id") else { return };
    if !facts.deleted_users.contains(&user_id) && !facts.users.contains(&user_id) {
        let expected = "the user who logged in is in `users`";
        findings.violation(&[&operation.id, &user_id], expected, "there is no such row", LOST);
    }
}

/// Two acknowledged answers under one key are the same answer.
fn same_answer_again(facts: &Facts<'_>, findings: &mut Findings) {
    for ((_, key), attempts) in &facts.placements {
        let mut answers = attempts.iter().filter(|attempt| attempt.outcome() == Outcome::Ok);
        let Some(first) = answers.next() else { continue };
        let another = answers.find(|later| {
            // Another order under the same key is I3's finding.
            later.body() != first.body()
                && answered_id(later, "order_id") == answered_id(first, "order_id")
        });
        if let Some(later) = another {
            let expected = format!(
                "the first answer under key `{key}` again: {}",
                first.body().unwrap_or_default()
            );
            let seen = later.body().unwrap_or("no body").to_owned();
            findings.violation(
                &[&first.id, &later.id],
                expected,
                seen,
                "order-service: a replay is worded anew",
            );
        }
    }
}

/// Whether the order's money came in, as far as its status says.
pub(super) fn is_paid(order: &Order) -> bool {
    PAID.contains(&order.status.as_str())
}
