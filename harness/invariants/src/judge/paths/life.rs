//! A life, step by step.

use super::ORDERS;
use crate::contract::{is_event_step, is_order_step};
use crate::judge::Findings;
use crate::judge::facts::Facts;
use crate::observed::Record;

/// A life as it was told or written down.
pub(super) struct Life {
    of: String,
    /// Its steps, in their order.
    pub(super) path: Vec<String>,
    /// Whether its first steps may be gone.
    pub(super) is_cut: bool,
    is_step: fn(Option<&str>, &str) -> bool,
    culprit: &'static str,
}

impl Life {
    /// As the events of a topic tell it.
    pub(super) fn told(facts: &Facts<'_>, topic: &str, key: &str, records: &[&Record]) -> Self {
        let mut life = if topic == ORDERS {
            Self::of_order(key.to_owned(), records.iter().map(|record| status(record)).collect())
        } else {
            let event_type = |record: &&Record| record.event_type().to_owned();
            Self::of_others(key.to_owned(), records.iter().map(event_type).collect())
        };
        let is_trimmed = records.first().is_some_and(|first| facts.is_trimmed_before(first));
        life.is_cut = is_trimmed && !life.has_beginning() && !is_young(facts, key);
        life
    }

    /// An order's, by statuses.
    pub(super) fn of_order(id: String, path: Vec<String>) -> Self {
        let culprit = "order-service: a step is decided on a state that was over";
        Self { of: id, path, is_cut: false, is_step: is_order_step, culprit }
    }

    /// All others', by their events' types.
    fn of_others(key: String, path: Vec<String>) -> Self {
        let culprit = "its service: a step is decided on a state that was over";
        Self { is_step: is_event_step, culprit, ..Self::of_order(key, path) }
    }

    fn has_beginning(&self) -> bool {
        self.path.first().is_some_and(|first| (self.is_step)(None, first))
    }

    /// Each step follows the one before. What the first one follows is not known if it may be gone.
    pub(super) fn judge(&self, findings: &mut Findings) {
        let mut from = None;
        for (place, to) in self.path.iter().enumerate() {
            let is_unknown = self.is_cut && place == 0;
            if !is_unknown && !(self.is_step)(from, to) {
                let expected =
                    format!("a legal life; `{to}` does not follow `{}`", from.unwrap_or("nothing"));
                findings.violation(&[&self.of], expected, self.path.join(" -> "), self.culprit);
                return;
            }
            from = Some(to.as_str());
        }
    }
}

/// Whether it is an order's that was placed so lately that nothing of it is gone.
fn is_young(facts: &Facts<'_>, key: &str) -> bool {
    let order = key.parse().ok().and_then(|id| facts.orders.get(&id));
    order.is_some_and(|order| !facts.is_beyond_outbox(order.created_at))
}

/// The status an order's event tells of.
fn status(record: &Record) -> String {
    match record.event_type() {
        "OrderCreatedEvent" => "created".to_owned(),
        "OrderPaymentProcessedEvent" => "paid".to_owned(),
        "OrderCompletedEvent" => "completed".to_owned(),
        "OrderCancelledEvent" => "cancelled".to_owned(),
        "OrderUpdatedEvent" => record.payload.json()["status"].as_str().unwrap_or("?").to_owned(),
        other => other.to_owned(),
    }
}
