//! The closed set of events: name, topic and key of each in one table.

use serde::Serialize;
use serde_json::error::Category;
use uuid::Uuid;

use crate::{Topic, notification, order, payment, user};

/// Why bytes from a topic are not an event.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The type is not one of ours; a newer producer may know it.
    #[error("unknown event type `{0}`")]
    UnknownType(String),
    /// The schema is not one this version reads: a newer version of the type, or another type's.
    #[error("schema `{schema}` of `{event_type}` is not known")]
    UnknownSchema {
        /// The type the record declared.
        event_type: &'static str,
        /// The schema it declared.
        schema: String,
    },
    /// The payload does not have the shape of its type.
    #[error("payload of `{event_type}` is not valid: {fault}")]
    Payload {
        /// The type the record declared.
        event_type: &'static str,
        /// Where it is wrong.
        fault: Fault,
    },
}

/// Where JSON is wrong. What is there instead is not in here: that may be somebody's address, and the reason is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at line {line} column {column}")]
pub struct Fault {
    kind: &'static str,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        let kind = match error.classify() {
            Category::Syntax => "no JSON",
            Category::Eof => "an early end",
            Category::Data => "another shape",
            Category::Io => "unreadable",
        };
        Self { kind, line: error.line(), column: error.column() }
    }
}

/// Id of an event type's schema.
macro_rules! schema_id {
    ($name:ident, $version:ident) => {
        concat!(
            "https://api.ecotrack.platform.dev/schemas/events/",
            stringify!($name),
            "Event/",
            stringify!($version)
        )
    };
}

/// One line per event: variant, version, payload, topic, field that holds the aggregate's id.
macro_rules! events {
    ($($name:ident $version:ident($payload:path) on $topic:ident keyed $key:ident,)*) => {
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

            /// Id of the JSON Schema of the payload, as it appears in `ce_dataschema`; its last segment is the version.
            #[must_use]
            pub const fn data_schema(&self) -> &'static str {
                match self { $(Self::$name(_) => schema_id!($name, $version),)* }
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

            /// Reads a payload of the type and schema that the record declares. A record without a schema is of
            /// version 1. Fields this version does not know are left alone: a version grows by optional fields only.
            pub fn decode_as(
                event_type: &str,
                data_schema: Option<&str>,
                payload: &[u8],
            ) -> Result<Self, DecodeError> {
                match event_type {
                    $(concat!(stringify!($name), "Event") => {
                        let event_type = concat!(stringify!($name), "Event");
                        known(event_type, data_schema, schema_id!($name, $version))?;
                        serde_json::from_slice(payload)
                            .map(Self::$name)
                            .map_err(|error| DecodeError::Payload { event_type, fault: error.into() })
                    })*
                    other => Err(DecodeError::UnknownType(other.to_owned())),
                }
            }

            /// Reads a payload of version 1 of the type that the record declares.
            pub fn decode(event_type: &str, payload: &[u8]) -> Result<Self, DecodeError> {
                Self::decode_as(event_type, None, payload)
            }

            /// The payload's JSON Schema, without its id and examples.
            #[cfg(test)]
            pub(crate) fn payload_schema(&self) -> schemars::Schema {
                match self { $(Self::$name(_) => schemars::schema_for!($payload),)* }
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
    UserRegistered v1(user::UserRegistered) on User keyed user_id,
    UserUpdated v1(user::UserUpdated) on User keyed user_id,
    UserDeleted v1(user::UserDeleted) on User keyed user_id,
    UserLogin v1(user::UserLogin) on User keyed user_id,
    UserLogout v1(user::UserLogout) on User keyed user_id,
    OrderCreated v1(order::OrderCreated) on Order keyed order_id,
    OrderUpdated v1(order::OrderUpdated) on Order keyed order_id,
    OrderCancelled v1(order::OrderCancelled) on Order keyed order_id,
    OrderCompleted v1(order::OrderCompleted) on Order keyed order_id,
    OrderPaymentProcessed v1(order::OrderPaymentProcessed) on Order keyed order_id,
    PaymentInitiated v1(payment::PaymentInitiated) on Payment keyed payment_id,
    PaymentProcessed v1(payment::PaymentProcessed) on Payment keyed payment_id,
    PaymentFailed v1(payment::PaymentFailed) on Payment keyed payment_id,
    PaymentRefunded v1(payment::PaymentRefunded) on Payment keyed payment_id,
    NotificationSent v1(notification::NotificationSent) on Notification keyed notification_id,
    NotificationDelivered v1(notification::NotificationDelivered) on Notification keyed notification_id,
    NotificationFailed v1(notification::NotificationFailed) on Notification keyed notification_id,
}

/// Refuses a schema other than the one this version reads.
fn known(
    event_type: &'static str,
    declared: Option<&str>,
    ours: &'static str,
) -> Result<(), DecodeError> {
    match declared {
        Some(schema) if schema != ours => {
            Err(DecodeError::UnknownSchema { event_type, schema: schema.to_owned() })
        }
        Some(_) | None => Ok(()),
    }
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
    fn what_a_payload_holds_in_the_wrong_place_is_not_repeated() {
        for payload in [r#"{"user_id":"ann@example.com"}"#, r#"{"user_id":ann@example.com}"#, "["] {
            let error = Event::decode("UserDeletedEvent", payload.as_bytes()).unwrap_err();
            let said = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
            assert!(said.contains("line 1") && !said.contains("ann@"), "{said}");
        }
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
