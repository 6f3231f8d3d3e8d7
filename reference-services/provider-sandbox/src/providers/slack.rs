//! Slack: an incoming webhook that answers `ok`.

use axum::http::StatusCode;
use serde_json::json;

use crate::exchange::{Answer, Operation};

/// A message to a channel.
#[derive(Debug)]
pub struct Message;

impl Operation for Message {
    fn accepted(&self) -> Answer {
        Answer::plain(StatusCode::OK, json!("ok"))
    }

    fn declined(&self) -> Answer {
        Answer::plain(StatusCode::FORBIDDEN, json!("action_prohibited"))
    }

    fn failed(&self) -> Answer {
        Answer::plain(StatusCode::INTERNAL_SERVER_ERROR, json!("rollup_error"))
    }
}

/// The answer to content that is not JSON.
#[must_use]
pub fn invalid() -> Answer {
    Answer::plain(StatusCode::BAD_REQUEST, json!("invalid_payload"))
}
