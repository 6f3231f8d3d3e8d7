//! The sandbox through its HTTP interface, on a real database.

#![expect(clippy::panic_in_result_fn, reason = "a test fails by an error or by an assertion")]

mod alerting;
mod contract;
mod faults;
mod helpers;
mod ledger;
mod lookups;
mod providers;
mod refunds;
mod webhooks;
