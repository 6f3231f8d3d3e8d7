//! The chassis on real servers: what every service relies on.

#![expect(clippy::panic_in_result_fn, reason = "a test fails by an error or by an assertion")]

mod bad_input;
mod canaries;
mod clients;
mod contracts;
mod database;
mod dead_letters;
mod helpers;
mod inbox;
mod lifecycle;
mod outbox;
mod pruning;
mod redis;
mod tokens;
mod wire;
