//! Orders: placed once, priced by the catalogue, followed to their end.

mod app;
mod clients;
mod consumers;
pub mod domain;
mod http;
mod metrics;
mod orders;
mod state;
mod store;

pub use app::{SERVICE, build};
