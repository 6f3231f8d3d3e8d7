//! Whom notification-service asks.

mod mail;

pub(crate) use mail::{Mail, Mailer};
