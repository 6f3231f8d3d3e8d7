//! payment-service through its HTTP interface and its topic, on real servers and the real sandbox; order-service is stood in for.

#![expect(clippy::panic_in_result_fn, reason = "a test fails by an error or by an assertion")]

mod access;
mod contracts;
mod deliveries;
mod helpers;
mod intents;
mod migrations;
mod orders;
mod outside;
mod paying;
mod post;
mod refunding;
mod repeating;
mod secrecy;
mod taking_back;
mod unknown_outcomes;
mod webhooks;
