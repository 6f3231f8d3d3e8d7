//! What a client can ask for, and the three ways it can end.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One line of an order that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Item {
    /// What.
    pub product_id: Uuid,
    /// How many.
    pub quantity: u32,
}

/// What is asked for. No password, no token, no address: a journal is evidence and may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// An account.
    Register,
    /// A session; the answer says who the user is.
    Login,
    /// The end of the session.
    Logout,
    /// A look at the catalogue.
    Browse,
    /// An order.
    PlaceOrder {
        /// The promise that a repetition is the same request.
        idempotency_key: String,
        /// What is ordered.
        items: Vec<Item>,
    },
    /// The end of an order.
    Cancel {
        /// Which one.
        order_id: Uuid,
    },
    /// A look at an order.
    ReadOrder {
        /// Which one.
        order_id: Uuid,
    },
    /// The payment of an order.
    Pay {
        /// The promise that a repetition is the same request.
        idempotency_key: String,
        /// Which order.
        order_id: Uuid,
        /// Decimal text.
        amount: String,
        /// ISO 4217.
        currency: String,
    },
    /// Money back.
    Refund {
        /// Which payment.
        payment_id: Uuid,
    },
}

impl Action {
    /// The action's name, for tables and sentences.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Browse => "browse",
            Self::PlaceOrder { .. } => "place_order",
            Self::Cancel { .. } => "cancel",
            Self::ReadOrder { .. } => "read_order",
            Self::Pay { .. } => "pay",
            Self::Refund { .. } => "refund",
        }
    }
}

impl Action {
    /// The key it is repeated under, where it has one.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        if let Self::PlaceOrder { idempotency_key, .. } | Self::Pay { idempotency_key, .. } = self {
            Some(idempotency_key)
        } else {
            None
        }
    }

    /// The order it gives up, if that is what it does.
    #[must_use]
    pub const fn gives_up(&self) -> Option<Uuid> {
        if let Self::Cancel { order_id } = self { Some(*order_id) } else { None }
    }
}

/// A request as it is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The client's session: reads of one session may not go back in time.
    pub session: String,
    /// Who asks, once known.
    pub user_id: Option<Uuid>,
    /// The trace the request begins, 32 hexadecimal digits.
    pub trace_id: Option<String>,
    /// What is asked for.
    #[serde(flatten)]
    pub action: Action,
}

/// How an operation ended, as far as its client can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Ok,
    /// It was refused: nothing was done.
    Fail,
    /// Nobody can say: it may have been done, now or later.
    Unknown,
}

impl Outcome {
    /// What an HTTP status tells. A refusal is a 4xx that is decided before any work; whatever else is not a success is unknown.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Ok,
            // A server that gave up waiting may have begun.
            408 | 425 | 499 => Self::Unknown,
            400..=498 => Self::Fail,
            _ => Self::Unknown,
        }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The body, byte for byte as it came, where an invariant looks at it; never one with a token in it.
    pub body: Option<String>,
    /// What went wrong on the way, in a sentence.
    pub error: Option<String>,
}

impl Answer {
    /// An answer that arrived.
    #[must_use]
    pub const fn of(status: u16, body: Option<String>) -> Self {
        Self { outcome: Outcome::of_status(status), status: Some(status), body, error: None }
    }

    /// No answer arrived. `reached` says whether the request may have left: a refused connection carried nothing.
    #[must_use]
    pub const fn lost(reached: bool, error: String) -> Self {
        let outcome = if reached { Outcome::Unknown } else { Outcome::Fail };
        Self { outcome, status: None, body: None, error: Some(error) }
    }
}

/// A request with its answer, as the journal tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Identity of the operation.
    pub id: Uuid,
    /// What was asked.
    #[serde(flatten)]
    pub request: Request,
    /// When it was written down, just before it was sent.
    pub sent_at: DateTime<Utc>,
    /// When the answer was written down; none if the journal ends before it.
    pub answered_at: Option<DateTime<Utc>>,
    /// What came back.
    pub answer: Option<Answer>,
}

impl Operation {
    /// How it ended; without an answer nobody can say.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.answer.as_ref().map_or(Outcome::Unknown, |answer| answer.outcome)
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.answer.as_ref()?.body.as_deref()
    }

    /// HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.answer.as_ref()?.status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_known_and_a_broken_server_is_not() {
        for status in [200, 201, 202, 204] {
            assert_eq!(Outcome::of_status(status), Outcome::Ok, "{status}");
        }
        for status in [400, 401, 402, 404, 409, 422, 429] {
            assert_eq!(Outcome::of_status(status), Outcome::Fail, "{status}");
        }
        for status in [408, 500, 502, 503, 504, 302] {
            assert_eq!(Outcome::of_status(status), Outcome::Unknown, "{status}");
        }
    }

    #[test]
    fn a_refused_connection_carried_nothing_and_a_broken_one_may_have() {
        assert_eq!(Answer::lost(false, "refused".to_owned()).outcome, Outcome::Fail);
        assert_eq!(Answer::lost(true, "reset".to_owned()).outcome, Outcome::Unknown);
    }
}
