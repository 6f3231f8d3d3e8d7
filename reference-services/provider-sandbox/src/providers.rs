//! How each provider reads a request and words its answers: pure, shaped after the public interfaces of the originals.

pub mod pagerduty;
pub mod paypal;
pub mod sendgrid;
pub mod slack;
pub mod stripe;
pub mod twilio;

use uuid::Uuid;

/// The token of a card or wallet that is always declined.
pub const DECLINED_TOKEN: &str = "tok_declined";

/// A new id in the provider's style.
fn new_id(prefix: &str) -> String {
    format!("{prefix}{}", Uuid::now_v7().simple())
}
