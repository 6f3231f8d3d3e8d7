//! A request that comes twice has one effect and one answer.
//!
//! The key is claimed before the work and answered in the transaction of its effect. A service's migrations make the table;
//! see [`MIGRATION`].

mod decision;
mod key;
mod prune;
mod replay;
mod store;

pub use decision::{Decision, LIFE, Record, decide};
pub use key::{Fingerprint, IdempotencyKey};
pub use prune::prune;
pub use replay::Answer;
pub use store::{Claim, Claimed, Request, claim};

/// The table, to be copied into a service's first migration. A test compares.
pub const MIGRATION: &str = include_str!("idempotency/idempotency_keys.sql");
