//! Payments as plain values: what may be paid, how it may end. No I/O.

pub mod method;
pub mod outcome;
pub mod payment;
pub mod schedule;
pub mod status;
pub mod token;
