//! The sandbox's two tables.

mod faults;
mod ledger;

pub(crate) use faults::{arm, disarm, in_force, meet};
pub(crate) use ledger::{Entry, Filter, append, entries, first_answer, has_accepted};

/// Reads a name that the database's own check constraint has already admitted.
fn decode<T, E>(parsed: Result<T, E>) -> sqlx::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    parsed.map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
