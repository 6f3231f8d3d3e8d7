//! Notifications: what happens to a customer's orders and payments, told once and followed until it has arrived.

mod abandonment;
mod app;
mod choices;
mod clients;
mod consumers;
mod dispatch;
pub mod domain;
mod http;
mod metrics;
mod reports;
mod state;
mod store;

pub use app::{SERVICE, build};
