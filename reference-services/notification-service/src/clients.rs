//! Whom notification-service asks.

mod mail;
mod provider;
mod sms;

pub(crate) use mail::Mailer;
pub(crate) use provider::{Letter, Provider};
pub(crate) use sms::Texter;
