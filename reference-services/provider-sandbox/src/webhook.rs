//! What a provider tells its customer unasked: one event, as it goes over the wire.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::fault::{ArmedFault, Mode};

/// How often a duplicated webhook arrives.
const DUPLICATES: i32 = 5;

/// An event on its way to the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The provider's own id of the event: the same however often it arrives.
    pub event_id: String,
    /// Media type of the body.
    pub content_type: &'static str,
    /// The body as it is signed and sent.
    pub body: String,
}

impl Webhook {
    /// An event in JSON.
    #[must_use]
    pub fn json(event_id: String, document: &Value) -> Self {
        Self { event_id, content_type: "application/json", body: document.to_string() }
    }
}

/// When and how often a webhook is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sending {
    /// Not before this moment.
    pub due_at: DateTime<Utc>,
    /// How often.
    pub copies: i32,
}

impl Sending {
    /// At once and once, unless a fault says otherwise.
    #[must_use]
    pub fn plan(fault: Option<&ArmedFault>, now: DateTime<Utc>) -> Self {
        let usual = Self { due_at: now, copies: 1 };
        let Some(fault) = fault else { return usual };
        match fault.mode {
            Mode::WebhookDuplicate => Self { copies: DUPLICATES, ..usual },
            Mode::WebhookDelay => Self { due_at: now + fault.delay(), ..usual },
            Mode::WebhookOutOfOrder => Self { due_at: mirrored(fault, now), ..usual },
            Mode::Decline
            | Mode::Delay
            | Mode::Hang
            | Mode::Reset
            | Mode::Error
            | Mode::AnswerLost => usual,
        }
    }
}

/// What happens within the fault's delay is told after it, the last first.
fn mirrored(fault: &ArmedFault, now: DateTime<Utc>) -> DateTime<Utc> {
    let turn = fault.armed_at + fault.delay();
    let left = (turn - now).to_std().unwrap_or(Duration::ZERO);
    turn.max(now) + left
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::provider::Provider;

    fn fault(mode: Mode, armed_at: DateTime<Utc>) -> ArmedFault {
        ArmedFault {
            provider: Provider::Stripe,
            mode,
            r#match: String::new(),
            delay_ms: 1_000,
            armed_at,
            expires_at: armed_at + TimeDelta::seconds(60),
            hits: 0,
        }
    }

    #[test]
    fn without_a_fault_it_leaves_at_once_and_once() {
        let now = Utc::now();
        assert_eq!(Sending::plan(None, now), Sending { due_at: now, copies: 1 });
    }

    #[test]
    fn what_happened_last_is_told_first() {
        let armed_at = Utc::now();
        let fault = fault(Mode::WebhookOutOfOrder, armed_at);
        let due =
            |after| Sending::plan(Some(&fault), armed_at + TimeDelta::milliseconds(after)).due_at;
        assert!(due(0) > due(10) && due(10) > due(999));
        assert!(due(999) >= armed_at + fault.delay());
        assert!(due(2_000) > due(1_500), "after the delay all is in order again");
    }

    #[test]
    fn a_duplicate_has_one_id_and_arrives_more_than_once() {
        let now = Utc::now();
        assert!(Sending::plan(Some(&fault(Mode::WebhookDuplicate, now)), now).copies > 1);
    }
}
