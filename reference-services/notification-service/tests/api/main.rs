//! notification-service through its topics and its HTTP interface, on real servers and the real sandbox.

mod delivery;
mod helpers;
mod migrations;
mod reading;
