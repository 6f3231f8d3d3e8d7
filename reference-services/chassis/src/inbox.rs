//! The inbox: an event is claimed in the transaction of its effect, so that every delivery after the first has none.
//!
//! A service's migrations make the table; see [`MIGRATION`].

mod batch;
mod claims;
mod consumer;
mod dead_letter;
mod handler;
mod processor;
mod prune;

pub use consumer::Consumer;
pub use handler::{Handler, HandlerError};
pub use processor::{Outcome, Processor};
pub use prune::prune;

/// The table, to be copied into a service's first migration. A test compares.
pub const MIGRATION: &str = include_str!("inbox/inbox.sql");
