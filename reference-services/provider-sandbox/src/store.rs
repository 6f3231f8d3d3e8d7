//! The sandbox's three tables.

mod charges;
mod faults;
mod ledger;
mod webhooks;

pub(crate) use charges::{
    find_charge, lock_charge, paypal_transactions, stripe_intents, stripe_refunds,
};
pub(crate) use faults::{arm, disarm, in_force, meet};
pub(crate) use ledger::{Entry, Filter, append, entries, first_answer, lock_key, request_of};
pub(crate) use webhooks::{Due, arrived, enqueue, failed, take_due};

/// Reads a name that the database's own check constraint has already admitted.
fn decode<T, E>(parsed: Result<T, E>) -> sqlx::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    parsed.map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
