//! order-service through its HTTP interface and its topics, on real servers; the services it asks are stood in for.

#![expect(clippy::panic_in_result_fn, reason = "a test fails by an error or by an assertion")]

mod access;
mod cancelling;
mod contracts;
mod expiring;
mod following;
mod helpers;
mod letting_in;
mod lifecycle;
mod migrations;
mod neighbours;
mod placing;
mod racing;
mod reading;
mod secrecy;
mod surviving;
