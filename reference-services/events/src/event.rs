//! The closed set of events: name, topic and key of each in one table.

use serde::Serialize;
use uuid::Uuid;

use crate::{Topic, notification, order, payment, user};

/// Why bytes from a topic are not an event.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The type is not one of ours; a newer producer may know it.
    #[error("unknown event type `{0}`")]
    UnknownType(String),
    /// The payload does not have the shape of its type.
    #[error("payload of `{event_type}` is not valid")]
    Payload {
        /// The type the record declared.
        event_type: &'static str,
        /// What serde found.
        source: serde_json::Error,
    },
}

/// One line per event: variant, payload, topic, field that holds the aggregate's id.
macro_rules! events {
    ($($name:ident($payload:path) on $topic:ident keyed $key:ident,)*) => {
        /// A domain event. In JSON it is its payload alone: the type travels in the envelope.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        pub enum Event {
            $(#[doc = concat!("See [`", stringify!($payload), "`].")] $name($payload),)*
        }

        impl Event {
            /// Names of all event types, as they appear in `ce_type`.
            pub const TYPES: &'static [&'static str] = &[$(concat!(stringify!($name), "Event")),*];

            /// The event's type, as it appears in `ce_type`.
            #[must_use]
            pub const fn event_type(&self) -> &'static str {
                match self { $(Self::$name(_) => concat!(stringify!($name), "Event"),)* }
            }

            /// The topic the event belongs to.
            #[must_use]
            pub const fn topic(&self) -> Topic {
                match self { $(Self::$name(_) => Topic::$topic,)* }
            }

            /// The aggregate the event is about. Events of one aggregate keep their order.
            #[must_use]
            pub const fn key(&self) -> Uuid {
                match self { $(Self::$name(payload) => payload.$key,)* }
            }

            /// Reads the payload of the event type that the record declares.
            pub fn decode(event_type: &str, payload: &[u8]) -> Result<Self, DecodeError> {
                match event_type {
                    $(concat!(stringify!($name), "Event") => serde_json::from_slice(payload)
                        .map(Self::$name)
                        .map_err(|source| DecodeError::Payload {
                            event_type: concat!(stringify!($name), "Event"),
                            source,
                        }),)*
                    other => Err(DecodeError::UnknownType(other.to_owned())),
                }
            }
        }

        $(impl From<$payload> for Event {
            fn from(payload: $payload) -> Self {
                Self::$name(payload)
            }
        })*
    };
}

events! {
    UserRegistered(user::UserRegistered) on User keyed user_id,
    UserUpdated(user::UserUpdated) on User keyed user_id,
    UserDeleted(user::UserDeleted) on User keyed user_id,
    UserLogin(user::UserLogin) on User keyed user_id,
    UserLogout(user::UserLogout) on User keyed user_id,
    OrderCreated(order::OrderCreated) on Order keyed order_id,
    OrderUpdated(order::OrderUpdated) on Order keyed order_id,
    OrderCancelled(order::OrderCancelled) on Order keyed order_id,
    OrderCompleted(order::OrderCompleted) on Order keyed order_id,
    OrderPaymentProcessed(order::OrderPaymentProcessed) on Order keyed order_id,
    PaymentInitiated(payment::PaymentInitiated) on Payment keyed payment_id,
    PaymentProcessed(payment::PaymentProcessed) on Payment keyed payment_id,
    PaymentFailed(payment::PaymentFailed) on Payment keyed payment_id,
    PaymentRefunded(payment::PaymentRefunded) on Payment keyed payment_id,
    NotificationSent(notification::NotificationSent) on Notification keyed notification_id,
    NotificationDelivered(notification::NotificationDelivered) on Notification keyed notification_id,
    NotificationFailed(notification::NotificationFailed) on Notification keyed notification_id,
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    fn login() -> Event {
        let (user_id, session_id) = (Uuid::now_v7(), Uuid::now_v7());
        user::UserLogin { user_id, session_id, logged_in_at: Utc::now() }.into()
    }

    #[test]
    fn an_event_reads_back_from_its_own_type_and_payload() {
        let event = login();
        let payload = serde_json::to_vec(&event).unwrap();
        assert_eq!(Event::decode(event.event_type(), &payload).unwrap(), event);
    }

    #[test]
    fn a_payload_of_another_type_is_refused() {
        let payload = serde_json::to_vec(&login()).unwrap();
        let error = Event::decode("UserRegisteredEvent", &payload).unwrap_err();
        assert!(matches!(error, DecodeError::Payload { event_type: "UserRegisteredEvent", .. }));
    }

    #[test]
    fn an_unknown_type_is_named() {
        let error = Event::decode("UserTeleportedEvent", b"{}").unwrap_err();
        assert_eq!(error.to_string(), "unknown event type `UserTeleportedEvent`");
    }

    #[test]
    fn every_type_name_is_unique_and_ends_in_event() {
        let names: std::collections::HashSet<_> = Event::TYPES.iter().collect();
        assert_eq!(names.len(), Event::TYPES.len());
        assert!(Event::TYPES.iter().all(|name| name.ends_with("Event")));
    }
}
