//! I8: no committed offset is beyond the last effect: everything before it has its claim or is parked.

use std::collections::HashMap;

use super::Findings;
use super::facts::Facts;
use crate::observed::Record;

pub(super) fn judge(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    let committed = Committed::of(facts);
    for (consumer, topic) in facts.consumers.subscriptions() {
        let records = facts.observed.kafka.records.iter().filter(|record| record.topic == topic);
        for record in records.filter(|record| committed.is_beyond(consumer, record)) {
            findings.examine();
            passed(facts, consumer, record, &mut findings);
        }
    }
    beyond_the_end(facts, &mut findings);
    findings
}

fn passed(facts: &Facts<'_>, consumer: &str, record: &Record, findings: &mut Findings) {
    let is_handled = record.event_id().is_some_and(|id| facts.claims_of(consumer, id) > 0);
    if is_handled || facts.is_parked_by(consumer, record) {
        return;
    }
    let expected = format!("what is before {consumer}'s committed offset was handled or parked");
    let seen = format!("{} of {} is passed over", record.event_type(), record.place());
    let culprit = format!("{consumer}: it commits the offset before the effect, or after an error");
    findings.violation(&[&consumer, &record.place()], expected, seen, culprit);
}

fn beyond_the_end(facts: &Facts<'_>, findings: &mut Findings) {
    for offset in &facts.observed.kafka.offsets {
        let log = facts
            .observed
            .kafka
            .logs
            .iter()
            .find(|log| log.topic == offset.topic && log.partition == offset.partition);
        if let Some(log) = log
            && offset.committed > log.high
        {
            let seen = format!(
                "{} committed {} in {}/{}, which ends at {}",
                offset.group, offset.committed, log.topic, log.partition, log.high
            );
            let culprit = "Kafka: it lost records that were consumed, or the topic was made anew";
            findings.violation(
                &[&offset.group],
                "no offset beyond the end of its partition",
                seen,
                culprit,
            );
        }
    }
}

/// How far each consumer is.
pub(super) struct Committed<'a> {
    offsets: HashMap<(&'a str, &'a str, i32), i64>,
}

impl<'a> Committed<'a> {
    pub(super) fn of(facts: &Facts<'a>) -> Self {
        let offsets = facts.observed.kafka.offsets.iter();
        Self {
            offsets: offsets
                .map(|offset| {
                    (
                        (offset.group.as_str(), offset.topic.as_str(), offset.partition),
                        offset.committed,
                    )
                })
                .collect(),
        }
    }

    /// Whether the consumer has left the record behind.
    pub(super) fn is_beyond(&self, consumer: &str, record: &Record) -> bool {
        let place = (consumer, record.topic.as_str(), record.partition);
        self.offsets.get(&place).is_some_and(|committed| record.offset < *committed)
    }
}
