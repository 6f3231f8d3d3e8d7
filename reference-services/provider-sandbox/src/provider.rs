//! The providers that are played, and the names they go by.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A company outside whose service EcoTrack uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Card payments.
    Stripe,
    /// Wallet payments.
    PayPal,
    /// E-mail.
    SendGrid,
    /// SMS.
    Twilio,
    /// Chat, where alerts arrive.
    Slack,
    /// On-call, where critical alerts arrive.
    PagerDuty,
}

/// No provider goes by this name.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is none of stripe, paypal, sendgrid, twilio, slack, pagerduty")]
pub struct UnknownProvider(String);

impl Provider {
    const ALL: [Self; 6] =
        [Self::Stripe, Self::PayPal, Self::SendGrid, Self::Twilio, Self::Slack, Self::PagerDuty];

    /// The name in paths and in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::PayPal => "paypal",
            Self::SendGrid => "sendgrid",
            Self::Twilio => "twilio",
            Self::Slack => "slack",
            Self::PagerDuty => "pagerduty",
        }
    }

    /// The header in which the provider names what it made, beside the body.
    #[must_use]
    pub const fn reference_header(self) -> Option<&'static str> {
        match self {
            Self::SendGrid => Some("x-message-id"),
            Self::Stripe | Self::PayPal | Self::Twilio | Self::Slack | Self::PagerDuty => None,
        }
    }

    /// Whether a request under a key that was used before gets the first answer again. (The originals of mail and SMS do not
    /// promise this; a customer who relies on it could not tell a lost answer from a lost message.)
    #[must_use]
    pub const fn remembers_keys(self) -> bool {
        match self {
            Self::Stripe | Self::PayPal | Self::SendGrid | Self::Twilio => true,
            Self::Slack | Self::PagerDuty => false,
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.name() == name)
            .ok_or_else(|| UnknownProvider(name.to_owned()))
    }
}
