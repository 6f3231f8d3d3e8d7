//! I5: each event has exactly one effect on each of its consumers, and at most one notification a channel.
//!
//! A claim in the inbox says that an effect was made. So each event has one claim of each consumer, or is parked; and behind
//! each claim stands what the event demands: an order's status, a reservation's end, a notification, and behind a notification the
//! provider's own word that it went out once.
//! Events that no consumer can have passed over, because the committed offset is beyond them, are I8's.

mod demands;
mod messages;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use uuid::Uuid;

use super::Findings;
use super::facts::Facts;
use super::offsets::Committed;
use crate::contract::NEWS;
use crate::observed::Record;
use demands::{id_in, order_effect, stock_effect};

const CLAIM_ALONE: &str =
    "the claim is committed without its effect: the inbox is outside the effect's transaction";

pub(super) fn judge(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    let committed = Committed::of(facts);
    let told = Told::of(facts);
    for (id, records) in &facts.published {
        let Some(record) = records.first() else { continue };
        for consumer in facts.consumers.of(&record.topic) {
            findings.examine();
            match facts.claims_of(consumer, *id) {
                0 => unclaimed(facts, &committed, consumer, record, &mut findings),
                1 => effect(facts, &told, consumer, record, &mut findings),
                claims => {
                    let culprit = format!("{consumer}: the inbox has lost its primary key");
                    findings.violation(
                        &[consumer, id],
                        "one claim",
                        format!("{claims} claims"),
                        culprit,
                    );
                }
            }
        }
    }
    ghosts(facts, &mut findings);
    told.twice(&mut findings);
    messages::judge(facts, &mut findings);
    findings
}

fn unclaimed(
    facts: &Facts<'_>,
    committed: &Committed,
    consumer: &str,
    record: &Record,
    findings: &mut Findings,
) {
    let Some(id) = record.event_id() else { return };
    if facts.is_parked_by(consumer, record) {
        findings.anomaly(
            &[&consumer, &id],
            format!("{consumer} parked {} of {}", record.event_type(), record.place()),
        );
    } else if !committed.is_beyond(consumer, record) {
        let expected = format!("{consumer} handles {} once", record.event_type());
        let seen = format!("{} was never handled and not parked", record.place());
        let culprit = format!("{consumer}: it hangs, or swallows what goes wrong");
        findings.violation(&[&consumer, &id], expected, seen, culprit);
    }
}

/// What stands behind a claim, where an event demands something.
fn effect(
    facts: &Facts<'_>,
    told: &Told,
    consumer: &str,
    record: &Record,
    findings: &mut Findings,
) {
    let Some(id) = record.event_id() else { return };
    let payload = record.payload.json();
    let missing = match consumer {
        "order-service" => order_effect(facts, record.event_type(), &payload),
        "product-service" => stock_effect(facts, record.event_type(), &payload),
        "notification-service" if NEWS.contains(&record.event_type()) => {
            told.missing(facts, id, &record.topic, &payload, findings)
        }
        _ => None,
    };
    if let Some(seen) = missing {
        let expected = format!("{consumer}'s claim of {} has its effect", record.event_type());
        findings.violation(&[&consumer, &id], expected, seen, format!("{consumer}: {CLAIM_ALONE}"));
    }
}

/// Claims of events that nobody published.
fn ghosts(facts: &Facts<'_>, findings: &mut Findings) {
    let is_trimmed = facts.trimmed().next().is_some();
    for claim in &facts.observed.database.inbox {
        if facts.published.contains_key(&claim.event_id) {
            continue;
        }
        if is_trimmed {
            findings.not_judged.push(format!(
                "the event {} that {} claims may have been trimmed",
                claim.event_id, claim.consumer
            ));
        } else {
            let culprit = format!("{}: it claims what it was not given", claim.consumer);
            let seen = format!("{} claims an event that is in no topic", claim.consumer);
            findings.violation(
                &[&claim.consumer, &claim.event_id],
                "a claim is of a published event",
                seen,
                culprit,
            );
        }
    }
}

/// Whom notifications were written for.
struct Told {
    by_event: BTreeMap<Uuid, BTreeMap<String, Vec<Uuid>>>,
    wanted: HashMap<Uuid, Vec<String>>,
}

impl Told {
    fn of(facts: &Facts<'_>) -> Self {
        let database = &facts.observed.database;
        let mut by_event: BTreeMap<Uuid, BTreeMap<String, Vec<Uuid>>> = BTreeMap::new();
        for row in &database.notifications {
            by_event
                .entry(row.event_id)
                .or_default()
                .entry(row.channel.clone())
                .or_default()
                .push(row.id);
        }
        Self {
            by_event,
            wanted: database
                .preferences
                .iter()
                .map(|row| (row.user_id, row.wanted.clone()))
                .collect(),
        }
    }

    /// An event that is news has its notification, unless its user wants none or is gone.
    fn missing(
        &self,
        facts: &Facts<'_>,
        event: Uuid,
        topic: &str,
        payload: &Value,
        findings: &mut Findings,
    ) -> Option<String> {
        if self.by_event.contains_key(&event) {
            return None;
        }
        let user = id_in(payload, "user_id")?;
        if self.is_unwanted(user, topic) || facts.deleted_users.contains(&user) {
            findings.anomaly(&[&event, &user], "no notification: the user wants none, or is gone");
            return None;
        }
        let written = facts.observed.database.notifications.len();
        Some(format!("no notification to user {user} among {written}"))
    }

    /// Whether the user wants to be told of nothing of the kind, on no channel.
    fn is_unwanted(&self, user: Uuid, topic: &str) -> bool {
        let category = match topic {
            "order-events" => "orders",
            "payment-events" => "payments",
            _ => "account",
        };
        self.wanted.get(&user).is_some_and(|wanted| wanted.iter().all(|one| one != category))
    }

    fn twice(&self, findings: &mut Findings) {
        for (event, channels) in &self.by_event {
            for (channel, rows) in channels.iter().filter(|(_, rows)| rows.len() > 1) {
                let rows: Vec<_> = rows.iter().map(Uuid::to_string).collect();
                let expected = format!("at most one notification by {channel} for an event");
                let culprit = "notification-service: its effect is not guarded by the inbox";
                findings.violation(
                    &[event],
                    expected,
                    format!("notifications {}", rows.join(", ")),
                    culprit,
                );
            }
        }
    }
}
