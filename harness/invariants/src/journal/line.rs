//! A line of the journal.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Answer, Request};

/// One of the two things a journal says of an operation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub(super) enum Line {
    /// It is about to be sent.
    Sent {
        id: Uuid,
        at: DateTime<Utc>,
        #[serde(flatten)]
        request: Request,
    },
    /// It was answered.
    Answered {
        id: Uuid,
        at: DateTime<Utc>,
        #[serde(flatten)]
        answer: Answer,
    },
}

impl Line {
    /// The line as bytes, its end included.
    pub(super) fn bytes(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}
