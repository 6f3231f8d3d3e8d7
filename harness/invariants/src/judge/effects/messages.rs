//! What the provider's ledger says of messages: each that went out went out once.

use std::collections::BTreeMap;

use crate::contract::SENT_NOTIFICATIONS;
use crate::judge::Findings;
use crate::judge::facts::Facts;
use crate::observed::Notification;

const SENT_AGAIN: &str = "notification-service: it sends again under another key, or without asking what became of the first";
const NEVER_SENT: &str = "notification-service: it believes that it sent what it did not";

pub(super) fn judge(facts: &Facts<'_>, findings: &mut Findings) {
    let mut sent: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for entry in &facts.observed.ledger {
        if let Some(key) = entry.message() {
            sent.entry(key).or_default().push(entry.id);
        }
    }
    let rows: BTreeMap<String, &Notification> =
        facts.observed.database.notifications.iter().map(|row| (row.id.to_string(), row)).collect();
    for (id, row) in &rows {
        if !SENT_NOTIFICATIONS.contains(&row.status.as_str()) {
            continue;
        }
        findings.examine();
        if !sent.contains_key(id.as_str()) {
            let expected =
                format!("the provider took notification {}, which is `{}`", row.id, row.status);
            let seen = "no entry of its ledger says so";
            findings.violation(&[&row.id], expected, seen, NEVER_SENT);
        }
    }
    for (key, entries) in &sent {
        once(facts, key, entries, rows.contains_key(*key), findings);
    }
}

/// A message went out once, and for a notification. Of who was erased there is none any more.
fn once(facts: &Facts<'_>, key: &str, entries: &[i64], is_known: bool, findings: &mut Findings) {
    let shown: Vec<_> = entries.iter().map(i64::to_string).collect();
    let seen = format!("ledger entries {}", shown.join(", "));
    if entries.len() > 1 {
        findings.violation(&[&key], "a message goes out once", seen, SENT_AGAIN);
    } else if !is_known && facts.deleted_users.is_empty() {
        findings.violation(&[&key], "a message is of a notification", seen, SENT_AGAIN);
    }
}
