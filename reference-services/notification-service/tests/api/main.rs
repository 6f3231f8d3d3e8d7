//! notification-service through its topics and its HTTP interface, on real servers and the real sandbox.

#![expect(clippy::panic_in_result_fn, reason = "a test fails by an error or by an assertion")]

mod access;
mod contract;
mod delivery;
mod erasure;
mod expectations;
mod helpers;
mod migrations;
mod once;
mod poison;
mod preferences;
mod process;
mod reading;
mod secrecy;
mod sms;
mod templates;
mod webhooks;
