//! Faults on demand: what a provider does wrong, to whom, and until when.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::provider::Provider;

/// No fault outlives this, whatever became of the one who armed it.
const LONGEST_TTL: Duration = Duration::from_mins(5);
/// Longest pause of a delayed answer: a request of ours ends after ten seconds.
const LONGEST_DELAY: Duration = Duration::from_secs(9);
/// Longest pause of a delayed webhook.
const LONGEST_WEBHOOK_DELAY: Duration = LONGEST_TTL;
/// Pause of a delayed answer when the request names none: longer than a caller waits.
const USUAL_DELAY: Duration = Duration::from_secs(6);
const LONGEST_MATCH: usize = 200;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The provider says no, in its own words.
    Decline,
    /// The effect happens at once, the answer comes late.
    Delay,
    /// No effect, and no answer for as long as anybody waits.
    Hang,
    /// The effect happens, the connection breaks before the answer.
    Reset,
    /// No effect, an internal error as the answer.
    Error,
    /// The effect happens, the answer never comes.
    AnswerLost,
    /// Each webhook arrives five times.
    WebhookDuplicate,
    /// Webhooks of the first `delay_ms` arrive after it, the last one first.
    WebhookOutOfOrder,
    /// Each webhook arrives `delay_ms` late.
    WebhookDelay,
}

/// What a fault concerns: one of each kind may be in force for the same text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// Calls that come in.
    Call,
    /// Webhooks that go out.
    Webhook,
}

impl Concern {
    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Webhook => "webhook",
        }
    }
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 9] = [
        Self::Decline,
        Self::Delay,
        Self::Hang,
        Self::Reset,
        Self::Error,
        Self::AnswerLost,
        Self::WebhookDuplicate,
        Self::WebhookOutOfOrder,
        Self::WebhookDelay,
    ];

    /// The name in requests and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decline => "decline",
            Self::Delay => "delay",
            Self::Hang => "hang",
            Self::Reset => "reset",
            Self::Error => "error",
            Self::AnswerLost => "answer_lost",
            Self::WebhookDuplicate => "webhook_duplicate",
            Self::WebhookOutOfOrder => "webhook_out_of_order",
            Self::WebhookDelay => "webhook_delay",
        }
    }

    /// Reads a name from the database.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// What it concerns.
    #[must_use]
    pub const fn concerns(self) -> Concern {
        match self {
            Self::Decline
            | Self::Delay
            | Self::Hang
            | Self::Reset
            | Self::Error
            | Self::AnswerLost => Concern::Call,
            Self::WebhookDuplicate | Self::WebhookOutOfOrder | Self::WebhookDelay => {
                Concern::Webhook
            }
        }
    }

    const fn longest_delay(self) -> Duration {
        match self.concerns() {
            Concern::Call => LONGEST_DELAY,
            Concern::Webhook => LONGEST_WEBHOOK_DELAY,
        }
    }
}

/// A request to arm a fault, as it came in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultRequest {
    mode: Mode,
    /// Life of the fault in seconds, 1 to 300.
    #[schema(minimum = 1, maximum = 300)]
    ttl_seconds: u64,
    /// Pause before a delayed answer (at most 9000) or webhook (at most 300000), in milliseconds.
    #[schema(maximum = 300_000)]
    delay_ms: Option<u64>,
    /// Only requests that contain this text (in key, path or body) meet the fault.
    #[schema(max_length = 200)]
    r#match: Option<String>,
}

/// A request that cannot be armed: which field, and why.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct FaultError {
    /// The field at fault.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// A fault that may be armed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    mode: Mode,
    ttl: Duration,
    delay: Duration,
    text: String,
}

impl Fault {
    /// Checks the bounds that keep a fault from outliving its test.
    pub fn parse(request: FaultRequest) -> Result<Self, FaultError> {
        let ttl = Duration::from_secs(request.ttl_seconds);
        if ttl.is_zero() || ttl > LONGEST_TTL {
            return Err(FaultError { field: "ttl_seconds", reason: "must be 1 to 300" });
        }
        let delay = request.delay_ms.map_or(USUAL_DELAY, Duration::from_millis);
        if delay > request.mode.longest_delay() {
            let reason = "must be at most 9000, for webhooks 300000";
            return Err(FaultError { field: "delay_ms", reason });
        }
        let text = request.r#match.unwrap_or_default();
        if text.len() > LONGEST_MATCH || text.contains('\0') {
            return Err(FaultError {
                field: "match",
                reason: "must be at most 200 characters, none of them NUL",
            });
        }
        Ok(Self { mode: request.mode, ttl, delay, text })
    }

    /// What goes wrong.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Life of the fault.
    #[must_use]
    pub const fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Pause before a delayed answer.
    #[must_use]
    pub const fn delay(&self) -> Duration {
        self.delay
    }

    /// Text that a request must contain; empty for every request.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A fault in force.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ArmedFault {
    /// Whom it befalls.
    pub provider: Provider,
    /// What goes wrong.
    pub mode: Mode,
    /// Text that a request must contain; empty for every request.
    pub r#match: String,
    /// Pause of a delayed answer in milliseconds.
    pub delay_ms: u64,
    /// Since when.
    pub armed_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// Requests that have met it.
    pub hits: i64,
}

impl ArmedFault {
    /// Pause of a delayed answer or webhook.
    #[must_use]
    pub const fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// What is left of its life.
    #[must_use]
    pub fn remaining(&self, now: DateTime<Utc>) -> Duration {
        (self.expires_at - now).to_std().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(ttl_seconds: u64, delay_ms: Option<u64>) -> FaultRequest {
        FaultRequest { mode: Mode::Delay, ttl_seconds, delay_ms, r#match: None }
    }

    #[test]
    fn a_fault_lives_one_second_to_five_minutes() {
        assert!(Fault::parse(request(1, None)).is_ok());
        assert!(Fault::parse(request(300, None)).is_ok());
        assert_eq!(Fault::parse(request(0, None)).unwrap_err().field, "ttl_seconds");
        assert_eq!(Fault::parse(request(301, None)).unwrap_err().field, "ttl_seconds");
    }

    #[test]
    fn a_delay_has_an_end() {
        assert!(Fault::parse(request(1, Some(9_000))).is_ok());
        assert_eq!(Fault::parse(request(1, Some(9_001))).unwrap_err().field, "delay_ms");
        let webhook =
            |delay_ms| FaultRequest { mode: Mode::WebhookDelay, ..request(1, Some(delay_ms)) };
        assert!(Fault::parse(webhook(300_000)).is_ok());
        assert_eq!(Fault::parse(webhook(300_001)).unwrap_err().field, "delay_ms");
    }

    #[test]
    fn every_mode_is_found_by_its_name() {
        for mode in Mode::ALL {
            assert_eq!(Mode::from_name(mode.name()), Some(mode));
        }
    }
}
