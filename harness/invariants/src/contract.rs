//! What the checker knows of the services: who consumes what, and the lives that orders and payments may have.
//!
//! Who consumes what is read from the telemetry registry, the one list that services, dashboards and harness share.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::Deserialize;

const REGISTRY: &str =
    include_str!("../../../reference-services/contracts/telemetry/registry.yaml");

/// Schemas of the database `ecotrack`.
pub const SERVICES: [&str; 5] =
    ["user_service", "product_service", "order_service", "payment_service", "notification_service"];

/// What a dead-letter topic's name ends with.
pub const DEAD_LETTERS: &str = ".dlt";

/// The header that says who could not handle a parked record.
pub const DEAD_LETTER_CONSUMER: &str = "x-dead-letter-consumer";

/// How long an outbox keeps a row that was sent. A test of the stack compares it with the services'.
pub const OUTBOX_KEEPS: TimeDelta = TimeDelta::hours(24);

/// Events that a user is told of.
pub const NEWS: [&str; 7] = [
    "UserRegisteredEvent",
    "OrderCreatedEvent",
    "OrderCompletedEvent",
    "OrderCancelledEvent",
    "PaymentProcessedEvent",
    "PaymentFailedEvent",
    "PaymentRefundedEvent",
];

/// Statuses of orders whose money the shop has or had.
pub const PAID: [&str; 3] = ["paid", "completed", "refunded"];

/// The status of an order that waits for its payment.
pub const PENDING_ORDER: &str = "payment_pending";

/// Statuses of payments that still wait for the provider.
pub const UNFINISHED_PAYMENTS: [&str; 3] = ["initiated", "pending", "refund_pending"];

/// Statuses of messages that are to be sent, or of which nobody knows yet whether they arrived.
pub const UNFINISHED_NOTIFICATIONS: [&str; 2] = ["pending", "sent"];

/// Statuses of messages that a provider took.
pub const SENT_NOTIFICATIONS: [&str; 2] = ["sent", "delivered"];

/// Consumers of the topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumers {
    by_topic: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Registry {
    event_edges: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    topic: String,
    consumers: Vec<String>,
}

impl Consumers {
    /// As the registry has them.
    pub fn registered() -> anyhow::Result<Self> {
        Self::parse(REGISTRY)
    }

    /// Nobody consumes anything.
    pub(crate) const fn none() -> Self {
        Self { by_topic: BTreeMap::new() }
    }

    fn parse(registry: &str) -> anyhow::Result<Self> {
        let registry: Registry = serde_yaml_ng::from_str(registry)?;
        Ok(Self {
            by_topic: registry
                .event_edges
                .into_iter()
                .map(|edge| (edge.topic, edge.consumers))
                .collect(),
        })
    }

    /// The topics of events.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.by_topic.keys().map(String::as_str)
    }

    /// Every topic, those of dead letters included.
    #[must_use]
    pub fn all_topics(&self) -> Vec<String> {
        self.topics()
            .flat_map(|topic| [topic.to_owned(), format!("{topic}{DEAD_LETTERS}")])
            .collect()
    }

    /// Who consumes a topic.
    #[must_use]
    pub fn of(&self, topic: &str) -> &[String] {
        self.by_topic.get(topic).map_or(&[], Vec::as_slice)
    }

    /// Pairs of consumer and topic.
    pub fn subscriptions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_topic.iter().flat_map(|(topic, consumers)| {
            consumers.iter().map(|consumer| (consumer.as_str(), topic.as_str()))
        })
    }
}

/// Whether an order may go from one status to another; the first step comes from nowhere.
#[must_use]
pub fn is_order_step(from: Option<&str>, to: &str) -> bool {
    matches!(
        (from, to),
        (None, "created")
            | (Some("created"), "payment_pending" | "cancelled")
            | (Some("payment_pending"), "paid" | "cancelled")
            | (Some("paid"), "completed")
            | (Some("completed"), "refunded")
    )
}

/// Whether events of a payment, a notification or a user may follow one another; the first comes from nowhere.
#[must_use]
pub fn is_event_step(from: Option<&str>, to: &str) -> bool {
    match to {
        "PaymentInitiatedEvent" | "UserRegisteredEvent" | "NotificationSentEvent" => from.is_none(),
        "PaymentProcessedEvent" | "PaymentFailedEvent" => from == Some("PaymentInitiatedEvent"),
        // Money may go back in parts, and also what was taken for a payment that had been given up.
        "PaymentRefundedEvent" => matches!(
            from,
            Some("PaymentProcessedEvent" | "PaymentFailedEvent" | "PaymentRefundedEvent")
        ),
        // What was given up may have arrived after all.
        "NotificationDeliveredEvent" => {
            matches!(from, Some("NotificationSentEvent" | "NotificationFailedEvent"))
        }
        // It may come back after it was given up, or after it seemed to have arrived.
        "NotificationFailedEvent" => matches!(
            from,
            None | Some(
                "NotificationSentEvent" | "NotificationDeliveredEvent" | "NotificationFailedEvent"
            )
        ),
        "UserUpdatedEvent" | "UserDeletedEvent" | "UserLoginEvent" | "UserLogoutEvent" => {
            from.is_some_and(|from| from != "UserDeletedEvent")
        }
        _ => false,
    }
}

/// The statuses of a payment whose latest event is this. Nobody is told that money is on its way back.
#[must_use]
pub fn payment_statuses(latest: &str) -> &'static [&'static str] {
    match latest {
        "PaymentInitiatedEvent" => &["initiated", "pending"],
        "PaymentProcessedEvent" => &["processed", "refund_pending"],
        "PaymentFailedEvent" => &["failed", "refund_pending"],
        "PaymentRefundedEvent" => &["partially_refunded", "refunded", "refund_pending"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_says_who_consumes_what() {
        let consumers = Consumers::registered().unwrap();
        assert_eq!(consumers.of("payment-events"), ["order-service", "notification-service"]);
        assert_eq!(consumers.all_topics().len(), 8);
        assert!(consumers.of("notification-events").is_empty());
    }

    #[test]
    fn nothing_follows_a_cancelled_order() {
        for status in ["created", "payment_pending", "paid", "completed", "cancelled", "refunded"] {
            assert!(!is_order_step(Some("cancelled"), status), "{status}");
        }
    }

    #[test]
    fn a_provider_knows_better_what_became_of_a_message() {
        assert!(is_event_step(Some("NotificationFailedEvent"), "NotificationDeliveredEvent"));
        assert!(is_event_step(Some("NotificationDeliveredEvent"), "NotificationFailedEvent"));
        assert!(!is_event_step(Some("NotificationFailedEvent"), "NotificationSentEvent"));
        assert!(!is_event_step(None, "NotificationDeliveredEvent"));
    }

    #[test]
    fn a_payment_is_settled_once() {
        assert!(is_event_step(Some("PaymentInitiatedEvent"), "PaymentProcessedEvent"));
        assert!(!is_event_step(Some("PaymentFailedEvent"), "PaymentProcessedEvent"));
        assert!(!is_event_step(Some("PaymentProcessedEvent"), "PaymentProcessedEvent"));
    }

    #[test]
    fn money_that_was_taken_late_goes_back_and_settles_nothing() {
        assert!(is_event_step(Some("PaymentFailedEvent"), "PaymentRefundedEvent"));
        assert!(!is_event_step(Some("PaymentInitiatedEvent"), "PaymentRefundedEvent"));
        assert!(!is_event_step(Some("PaymentRefundedEvent"), "PaymentProcessedEvent"));
    }
}
