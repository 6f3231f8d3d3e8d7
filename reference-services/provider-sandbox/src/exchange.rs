//! One request of a customer to a provider, and the answer it gets: plain values, no I/O.

use axum::http::StatusCode;
use serde_json::Value;

use crate::provider::Provider;
use crate::webhook::Webhook;

/// How a request ended, as the ledger tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The provider did what was asked.
    Accepted,
    /// The provider refused; that is final.
    Declined,
    /// The same request came before and got the same answer again.
    Replayed,
    /// The key came before with another request; nothing was done.
    Refused,
    /// An armed fault answered instead; nothing was done.
    Failed,
    /// An armed fault swallowed the request; nothing was done.
    Unanswered,
}

impl Outcome {
    /// The name in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Replayed => "replayed",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unanswered => "unanswered",
        }
    }
}

/// What a customer asked for.
#[derive(Debug, Clone)]
pub struct Call {
    /// Whom.
    pub provider: Provider,
    /// For what.
    pub operation: String,
    /// The customer's promise that a repetition is the same request.
    pub idempotency_key: Option<String>,
    /// Fingerprint of the credential that was shown; never the credential.
    pub credential: Option<String>,
    /// The request's content.
    pub request: Value,
}

impl Call {
    /// Whether a fault for this text befalls the call.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "{} {} {}",
            self.operation,
            self.idempotency_key.as_deref().unwrap_or_default(),
            self.request
        )
    }
}

/// What the customer is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Content; a string is sent as text, null as nothing, all else as JSON.
    pub body: Value,
    /// A header that carries the reference, where the provider has such a habit.
    pub reference_header: Option<&'static str>,
    /// The provider's own id of what it made.
    pub reference: Option<String>,
}

impl Answer {
    /// An answer that made nothing.
    #[must_use]
    pub const fn plain(status: StatusCode, body: Value) -> Self {
        Self { status, body, reference_header: None, reference: None }
    }

    /// An answer about something the provider made.
    #[must_use]
    pub const fn made(status: StatusCode, body: Value, reference: String) -> Self {
        Self { status, body, reference_header: None, reference: Some(reference) }
    }
}

/// Money that an operation moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// In minor units.
    pub amount_minor: i64,
    /// ISO 4217, in capitals.
    pub currency: String,
    /// The charge that is paid back; `None` for a charge.
    pub parent: Option<String>,
}

/// A charge that was made, as a refund needs to know it.
#[derive(Debug, Clone, PartialEq)]
pub struct Charge {
    /// The provider's own id of it.
    pub reference: String,
    /// In minor units.
    pub amount_minor: i64,
    /// ISO 4217, in capitals.
    pub currency: String,
    /// What has gone back so far, in minor units.
    pub refunded_minor: i64,
    /// The request that made it.
    pub request: Value,
}

impl Charge {
    /// What can still go back, in minor units.
    #[must_use]
    pub const fn left(&self) -> i64 {
        self.amount_minor - self.refunded_minor
    }
}

/// The three ways a provider can answer one operation, and what follows from it.
pub trait Operation {
    /// It does what was asked.
    fn accepted(&self) -> Answer;
    /// It refuses for good.
    fn declined(&self) -> Answer;
    /// It is broken.
    fn failed(&self) -> Answer;
    /// Whether the request itself asks to be declined, as a test token does.
    fn wants_decline(&self) -> bool {
        false
    }
    /// The money it moves when it is accepted.
    fn movement(&self) -> Option<Movement> {
        None
    }
    /// What the customer is told by webhook afterwards. `refunded_minor` is what has gone back of the charge, this refund included.
    fn webhook(
        &self,
        _outcome: Outcome,
        _answer: &Answer,
        _refunded_minor: i64,
    ) -> Option<Webhook> {
        None
    }
}
