//! The tables, in small functions that take a connection.

pub(crate) mod erasures;
pub(crate) mod profiles;
pub(crate) mod refresh_tokens;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod users;
