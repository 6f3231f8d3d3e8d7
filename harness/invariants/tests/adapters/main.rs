//! Adapters against real PostgreSQL, librdkafka's own broker and a provider over HTTP; and the program end to end.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper of tests fails as its test does"
)]

mod broker;
mod kafka;
mod ledger;
mod postgres;
mod program;
mod server;
mod shop;
mod stillness;
