//! What the services tell each other: domain events on four topics, and the envelope they travel in.
//!
//! An event is a fact in the past tense. Adding one is a line in [`event`]'s table and a payload beside its siblings; its schema
//! is then generated into `contracts/events`, where the rules of compatibility are written down.

#[cfg(test)]
mod contract;
mod envelope;
mod event;
pub mod money;
pub mod order;
pub mod payment;
#[cfg(test)]
mod samples;
mod topic;

pub mod notification;
pub mod user;

pub use envelope::Envelope;
pub use event::{DecodeError, Event, Fault};
pub use money::{Currency, Money};
pub use topic::Topic;
