//! user-service through its HTTP interface, on real servers.

mod helpers;
mod keys;
mod problems;
mod registration;
mod sessions;
mod telemetry;
