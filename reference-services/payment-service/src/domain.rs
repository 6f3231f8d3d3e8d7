//! Payments as plain values: what may be paid, how it may end, what goes back. No I/O.

mod events;
pub mod intent;
mod learn;
pub mod method;
pub mod notice;
pub mod outcome;
pub mod payment;
pub mod refund;
pub mod schedule;
pub mod status;
mod take_back;
pub mod token;

#[cfg(test)]
mod properties;
