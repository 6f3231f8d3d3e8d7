//! The chassis on real servers: what every service relies on.

#![expect(clippy::panic_in_result_fn, reason = "a test fails by an error or by an assertion")]

mod database;
mod helpers;
mod inbox;
mod lifecycle;
mod outbox;
