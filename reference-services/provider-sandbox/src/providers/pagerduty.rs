//! PagerDuty: events that trigger, acknowledge or resolve an incident.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::new_id;
use crate::exchange::{Answer, Operation};

/// An event of version 2.
#[derive(Debug, Deserialize)]
pub struct AlertEvent {
    routing_key: String,
    event_action: String,
    dedup_key: Option<String>,
}

impl AlertEvent {
    /// Reads the document; the answer to a bad one says what is wrong.
    pub fn parse(document: &Value) -> Result<Self, Answer> {
        let event = Self::deserialize(document).map_err(|error| invalid(&error.to_string()))?;
        let known = matches!(event.event_action.as_str(), "trigger" | "acknowledge" | "resolve");
        if known && !event.routing_key.is_empty() {
            Ok(event)
        } else {
            Err(invalid("routing_key and a known event_action are required"))
        }
    }
}

impl Operation for AlertEvent {
    fn accepted(&self) -> Answer {
        let key = self.dedup_key.clone().unwrap_or_else(|| new_id(""));
        let body = json!({"status": "success", "message": "Event processed", "dedup_key": key});
        Answer::made(StatusCode::ACCEPTED, body, key)
    }

    fn declined(&self) -> Answer {
        invalid("the routing key is not valid")
    }

    fn failed(&self) -> Answer {
        Answer::plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            json!({"status": "error", "message": "Internal Server Error"}),
        )
    }
}

/// The answer to an event that cannot be read.
#[must_use]
pub fn invalid(reason: &str) -> Answer {
    Answer::plain(
        StatusCode::BAD_REQUEST,
        json!({"status": "invalid event", "message": "Event object is invalid", "errors": [reason]}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_keeps_its_dedup_key() {
        let event = json!({"routing_key": "k", "event_action": "trigger", "dedup_key": "alert-1", "payload": {}});
        let answer = AlertEvent::parse(&event).unwrap().accepted();
        assert_eq!(
            (answer.status, &answer.body["dedup_key"]),
            (StatusCode::ACCEPTED, &json!("alert-1"))
        );
    }

    #[test]
    fn an_unknown_action_is_refused() {
        let event = json!({"routing_key": "k", "event_action": "shout"});
        assert_eq!(AlertEvent::parse(&event).unwrap_err().status, StatusCode::BAD_REQUEST);
    }
}
