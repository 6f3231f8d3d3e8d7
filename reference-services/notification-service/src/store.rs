//! Notifications, recipients, preferences, messages and templates in the database.

mod messages;
mod notifications;
mod preferences;
mod recipients;
mod templates;

pub(crate) use messages::{Prepared, drop_message, find_message, keep_message};
pub(crate) use notifications::{
    Due, Found, NewNotification, find, insert, lock_by_id, lock_by_reference, lock_pending_of,
    page, take_due, update, wake_pending_of,
};
pub(crate) use preferences::{find_preferences, put_preferences};
pub(crate) use recipients::{
    Recipient, find_recipient, forget_user, hold_user, is_erased, lock_user, put_recipient,
};
pub(crate) use templates::find_template;

/// A value that a table admits and the domain does not know: a newer version wrote it.
#[derive(Debug, thiserror::Error)]
#[error("column {column} of {table} {id} holds a value that this version does not know")]
struct Unknown {
    table: &'static str,
    column: &'static str,
    id: uuid::Uuid,
}

fn known<T>(
    table: &'static str,
    column: &'static str,
    id: uuid::Uuid,
    parsed: Option<T>,
) -> sqlx::Result<T> {
    parsed.ok_or_else(|| sqlx::Error::Decode(Box::new(Unknown { table, column, id })))
}
