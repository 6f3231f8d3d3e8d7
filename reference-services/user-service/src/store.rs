//! The tables, in small functions that take a connection.

pub(crate) mod sessions;
pub(crate) mod users;
