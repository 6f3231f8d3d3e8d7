//! payment-service through its HTTP interface and its topic, on real servers and the real sandbox; order-service is stood in for.

#![expect(clippy::panic_in_result_fn, reason = "a test fails by an error or by an assertion")]

mod helpers;
mod migrations;
mod orders;
mod paying;
mod refunding;
mod unknown_outcomes;
