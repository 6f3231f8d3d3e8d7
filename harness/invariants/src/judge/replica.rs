//! I9: a session never goes back in time, the replica is not too far behind, and no write is decided on what it shows.
//!
//! Without a replica the first and the last still hold, because there is nothing they could be broken by; the lag is then not
//! asked for.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::Findings;
use super::facts::{Facts, answered, answered_id};
use crate::journal::{Action, Operation, Outcome};

/// How far a replica may be behind.
const MOST_LAG_MS: u64 = 5_000;
const STALE: &str = "a read was answered by a replica behind the one that answered before";
const DECIDED: &str = "a write was decided on what a replica showed";

pub(super) fn judge(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    monotone(facts, &mut findings);
    refused_as_unknown(facts, &mut findings);
    cancelled_too_late(facts, &mut findings);
    lag(facts, &mut findings);
    findings
}

/// What a session has seen of an order.
struct Seen<'a> {
    operation: &'a Operation,
    updated_at: DateTime<Utc>,
    status: String,
}

/// Answers about one order, in the order in which one session asked, each sent after the one before was answered.
fn monotone(facts: &Facts<'_>, findings: &mut Findings) {
    let mut sessions: HashMap<(&str, Uuid), Seen<'_>> = HashMap::new();
    for operation in facts.operations {
        let session = operation.request.session.as_str();
        if let Action::ReadOrder { order_id } = operation.request.action {
            findings.examine();
            if operation.status() == Some(404)
                && let Some(before) = sessions
                    .get(&(session, order_id))
                    .filter(|seen| is_after(operation, seen.operation))
            {
                let expected = format!("order {order_id} is still there for session {session}");
                findings.violation(
                    &[&before.operation.id, &operation.id],
                    expected,
                    "not found",
                    STALE,
                );
            }
        }
        let Some((order_id, seen)) = shown(operation) else { continue };
        let place = (session, order_id);
        // The answer to a repeated placement is the first one again, however old by now.
        let is_reading = !matches!(operation.request.action, Action::PlaceOrder { .. });
        if is_reading
            && let Some(before) =
                sessions.get(&place).filter(|before| is_after(operation, before.operation))
            && seen.updated_at < before.updated_at
        {
            let expected = format!(
                "session {session} saw order {order_id} `{}` and never anything older",
                before.status
            );
            let seen = format!("`{}` as of {}", seen.status, seen.updated_at);
            findings.violation(&[&before.operation.id, &operation.id], expected, seen, STALE);
        }
        if sessions.get(&place).is_none_or(|before| before.updated_at <= seen.updated_at) {
            sessions.insert(place, seen);
        }
    }
}

/// Whether one was sent only after the other was answered: only then can it be older.
fn is_after(later: &Operation, earlier: &Operation) -> bool {
    earlier.answered_at.is_some_and(|answered| answered <= later.sent_at)
}

fn shown(operation: &Operation) -> Option<(Uuid, Seen<'_>)> {
    let is_order = matches!(
        operation.request.action,
        Action::PlaceOrder { .. } | Action::ReadOrder { .. } | Action::Cancel { .. }
    );
    if !is_order || operation.outcome() != Outcome::Ok {
        return None;
    }
    let document: Value = answered(operation);
    let updated_at = document["updated_at"].as_str()?.parse().ok()?;
    let status = document["status"].as_str()?.to_owned();
    Some((answered_id(operation, "order_id")?, Seen { operation, updated_at, status }))
}

/// A write about an order that was acknowledged before is not refused because the order is not there.
fn refused_as_unknown(facts: &Facts<'_>, findings: &mut Findings) {
    let mut placed: BTreeMap<Uuid, &Operation> = BTreeMap::new();
    for operation in facts.ended(Outcome::Ok) {
        if matches!(operation.request.action, Action::PlaceOrder { .. })
            && let Some(order_id) = answered_id(operation, "order_id")
        {
            placed.entry(order_id).or_insert(operation);
        }
    }
    for operation in facts.operations {
        let (Action::Pay { order_id, .. } | Action::Cancel { order_id }) = operation.request.action
        else {
            continue;
        };
        findings.examine();
        let Some(before) = placed.get(&order_id) else { continue };
        let is_own = before.request.user_id == operation.request.user_id;
        if is_own && operation.status() == Some(404) && is_after(operation, before) {
            let expected = format!("order {order_id} was acknowledged and can be acted upon");
            let seen = format!("{} was refused: not found", operation.request.action.name());
            findings.violation(&[&before.id, &operation.id], expected, seen, DECIDED);
        }
    }
}

/// A customer's cancellation follows `created` and nothing else: anything else was decided on an older state.
fn cancelled_too_late(facts: &Facts<'_>, findings: &mut Findings) {
    let mut last: HashMap<Uuid, &str> = HashMap::new();
    for entry in &facts.observed.database.order_history {
        let before = last.insert(entry.order_id, &entry.status);
        let by_customer = entry.status == "cancelled" && entry.notes.as_deref() == Some("customer");
        if by_customer && before != Some("created") {
            let seen = format!(
                "it was `{}` when the customer's cancellation was accepted",
                before.unwrap_or("nothing")
            );
            findings.violation(
                &[&entry.order_id],
                "a customer cancels an order that is `created`",
                seen,
                DECIDED,
            );
        }
    }
}

fn lag(facts: &Facts<'_>, findings: &mut Findings) {
    let Some(lag) = facts.observed.replica else { return };
    findings.examined += lag.samples;
    if lag.worst_ms > MOST_LAG_MS {
        let expected = format!("a replica at most {MOST_LAG_MS} ms behind");
        findings.violation(
            &[&"replica"],
            expected,
            format!("{} ms behind", lag.worst_ms),
            "the replica, or what it replays",
        );
    }
}
