//! Notifications, recipients, preferences and templates in the database.

mod notifications;
mod recipients;

pub(crate) use notifications::{Due, find, insert, page, take_due, update};
pub(crate) use recipients::{
    Recipient, find_recipient, find_template, forget_recipient, put_recipient, wants,
};
