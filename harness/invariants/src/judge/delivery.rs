//! I4: every committed outbox row is in Kafka, and every event in Kafka has a committed outbox row.
//!
//! Kafka keeps events longer than the outbox keeps rows. Of an event whose row may be gone only the first half can be asked, so it
//! is not judged.

use super::Findings;
use super::facts::Facts;
use super::kept::what_is_gone;
use crate::contract::{DEAD_LETTERS, OUTBOX_KEEPS};
use crate::observed::{OutboxRow, Payload, Record};

pub(super) fn judge(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    for row in &facts.observed.database.outbox {
        findings.examine();
        published(facts, row, &mut findings);
    }
    committed(facts, &mut findings);
    strangers(facts, &mut findings);
    findings.not_judged.extend(facts.trimmed().map(what_is_gone));
    findings
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

/// Every event has its row, as long as rows are kept.
fn committed(facts: &Facts<'_>, findings: &mut Findings) {
    let events = facts.published.values().filter_map(|records| records.first().copied());
    let (outlived, judged): (Vec<&Record>, Vec<&Record>) =
        events.partition(|record| has_outlived_its_row(facts, record));
    for record in judged {
        findings.examine();
        has_row(facts, record, findings);
    }
    if let Some(one) = outlived.first() {
        findings.not_judged.push(format!(
            "{} events, one is at {}, are older than the {} h for which the outbox keeps rows: whether they were committed cannot be seen any more",
            outlived.len(),
            one.place(),
            OUTBOX_KEEPS.num_hours()
        ));
    }
}

/// Whether a record has no row, and is so old that it may have had one. One that does not say how old it is, is not excused.
fn has_outlived_its_row(facts: &Facts<'_>, record: &Record) -> bool {
    let has_row = record.event_id().is_some_and(|id| facts.outbox.contains_key(&id));
    // A row is sent after its event happened, so it is kept at least until the event is that old.
    !has_row && record.time().is_some_and(|time| facts.is_beyond_outbox(time))
}

fn has_row(facts: &Facts<'_>, record: &Record, findings: &mut Findings) {
    let Some(id) = record.event_id() else { return };
    if !facts.outbox.contains_key(&id) {
        let expected = "each event in Kafka has a committed outbox row";
        let seen =
            format!("{} {} of {:?} has none", record.place(), record.event_type(), record.key);
        let source = record.headers.get("ce_source").map_or("its producer", String::as_str);
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
