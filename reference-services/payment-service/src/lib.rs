//! Payments: of exactly what is owed, taken once, followed until the provider has said how they ended.

mod answer;
mod app;
mod clients;
pub mod domain;
mod housekeeping;
mod http;
mod metrics;
mod payments;
mod state;
mod store;
mod webhooks;

pub use app::{SERVICE, build};
