//! Webhooks of the providers: what each of them says in its own words.

mod paypal;
mod stripe;

use ecotrack_chassis::word::is_id;
use ecotrack_events::{Currency, Fault, Money};

use crate::domain::method::Gateway;
use crate::domain::notice::Notice;

/// An event as it came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Incoming {
    /// The provider's own id of it.
    pub(crate) event_id: String,
    /// What it tells of a payment; `None` if it is of a type, or about something, that is none of our business.
    pub(crate) notice: Option<Notice>,
}

/// Why a signed body tells us nothing. Nothing of the body is in here: an event names people, and the reason is logged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// Not JSON.
    #[error("the event cannot be read")]
    NotJson(#[source] Fault),
    /// Not the provider's shape.
    #[error("the event has a shape of its own")]
    Shape(#[source] Fault),
    /// A value that cannot be.
    #[error("the event's {0} is not valid")]
    Value(&'static str),
}

impl From<serde_json::Error> for ReadError {
    fn from(error: serde_json::Error) -> Self {
        if error.is_data() { Self::Shape(error.into()) } else { Self::NotJson(error.into()) }
    }
}

/// Reads a body whose signature was found good.
pub(crate) fn read(gateway: Gateway, body: &[u8]) -> Result<Incoming, ReadError> {
    match gateway {
        Gateway::Stripe => stripe::read(body),
        Gateway::PayPal => paypal::read(body),
    }
}

/// An id of the provider's: of an event, or of a charge.
fn id(text: String, what: &'static str) -> Result<String, ReadError> {
    if is_id(&text) { Ok(text) } else { Err(ReadError::Value(what)) }
}

/// An amount in minor units and a currency in whatever case.
fn money(minor: i64, currency: &str) -> Result<Money, ReadError> {
    match Currency::parse(&currency.to_uppercase()) {
        Ok(currency) => Ok(Money::from_minor(minor, currency)),
        Err(_) => Err(ReadError::Value("currency")),
    }
}
