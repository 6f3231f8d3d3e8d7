//! I4: every committed outbox row is in Kafka, and every event in Kafka has a committed outbox row.

use super::Findings;
use super::facts::Facts;
use crate::contract::DEAD_LETTERS;
use crate::observed::{OutboxRow, Payload, Record};

pub(super) fn judge(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    trimmed(facts, &mut findings);
    for row in &facts.observed.database.outbox {
        findings.examine();
        published(facts, row, &mut findings);
    }
    for records in facts.published.values() {
        findings.examine();
        committed(facts, records, &mut findings);
    }
    strangers(facts, &mut findings);
    findings
}

/// What Kafka has thrown away cannot be looked for.
fn trimmed(facts: &Facts<'_>, findings: &mut Findings) {
    for log in facts.observed.kafka.logs.iter().filter(|log| log.low > 0) {
        findings.not_judged.push(format!(
            "{}/{} begins at offset {}: what was before is gone",
            log.topic, log.partition, log.low
        ));
    }
}

fn published(facts: &Facts<'_>, row: &OutboxRow, findings: &mut Findings) {
    let Some(records) = facts.published.get(&row.event_id) else {
        let (seen, culprit) = if row.is_sent {
            (
                "it is marked as sent and not in the topic",
                "the relay: it marks rows before Kafka acknowledged, or Kafka lost an acknowledged record",
            )
        } else {
            ("it was never sent", "the relay: it stopped, or it passes over rows")
        };
        let expected =
            format!("{} {} of {} is in {}", row.service, row.event_type, row.key, row.topic);
        findings.violation(&[&row.event_id], expected, seen, culprit);
        return;
    };
    for record in records {
        let is_same = record.topic == row.topic
            && record.key.as_deref() == Some(&row.key)
            && (record.payload == row.payload || is_erased(facts, row));
        if !is_same {
            let expected = format!("the record is the row: key {} in {}", row.key, row.topic);
            let seen =
                format!("{} with key {:?} and other content or place", record.place(), record.key);
            findings.violation(
                &[&row.event_id],
                expected,
                seen,
                "the relay: it changes what it carries",
            );
        }
    }
    if records.len() > 1 {
        let places: Vec<_> = records.iter().map(|record| record.place()).collect();
        findings.anomaly(
            &[&row.event_id],
            format!("delivered {} times: {}", records.len(), places.join(", ")),
        );
    }
}

/// Of a user who left, the outbox keeps that there was something, and nothing of what it was.
fn is_erased(facts: &Facts<'_>, row: &OutboxRow) -> bool {
    let is_gone = |user| facts.deleted_users.contains(&user);
    row.payload == Payload::Text("{}".to_owned()) && row.key.parse().is_ok_and(is_gone)
}

fn committed(facts: &Facts<'_>, records: &[&Record], findings: &mut Findings) {
    let Some(first) = records.first() else { return };
    let Some(id) = first.event_id() else { return };
    if !facts.outbox.contains_key(&id) {
        let expected = "each event in Kafka has a committed outbox row";
        let seen = format!("{} {} of {:?} has none", first.place(), first.event_type(), first.key);
        let source = first.headers.get("ce_source").map_or("its producer", String::as_str);
        let culprit = format!("{source}: it publishes past the outbox, or before the commit");
        findings.violation(&[&id], expected, seen, culprit);
    }
}

/// A record that is no event is somebody's mistake, unless it was parked; a parked one stands for one in its topic.
fn strangers(facts: &Facts<'_>, findings: &mut Findings) {
    for record in &facts.observed.kafka.records {
        if record.topic.ends_with(DEAD_LETTERS) {
            let reason = record
                .headers
                .get("x-dead-letter-reason")
                .map_or("no reason given", String::as_str);
            findings.anomaly(&[&record.place()], format!("parked: {reason}"));
        } else if record.event_id().is_none() {
            if facts.is_parked_stranger(record) {
                findings.anomaly(&[&record.place()], "not an event, and parked");
            } else {
                let seen = format!("{} has no event id and is not parked", record.place());
                findings.violation(
                    &[&record.place()],
                    "each record is an event or is parked",
                    seen,
                    "a stranger who may write to the topic",
                );
            }
        }
    }
}
