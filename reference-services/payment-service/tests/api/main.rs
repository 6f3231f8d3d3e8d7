//! payment-service through its HTTP interface and its topic, on real servers and the real sandbox; order-service is stood in for.

mod helpers;
mod migrations;
mod orders;
mod paying;
mod refunding;
mod unknown_outcomes;
