//! The two races: one key used by many at once, and few items wanted by many at once.

mod one_key;
mod oversell;
mod tally;

pub use one_key::{AnswersDiffer, one_key};
pub use oversell::oversell;
