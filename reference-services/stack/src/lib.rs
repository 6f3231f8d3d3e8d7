//! The five services and the provider sandbox as real processes on loopback, with real PostgreSQL, Redis and Kafka.
//!
//! For what needs real processes and no cluster: kills, races, fuzzing, benchmarks.

mod accounts;
pub mod bench;
pub mod crash;
pub mod fuzz;
mod name;
mod persist;
pub mod planted;
mod progress;
pub mod race;
pub mod report;
mod secrets;
mod service;
mod shop;
mod stack;
pub mod variant;

pub use accounts::{ADMIN, Accounts, CUSTOMER, Customer};
use ecotrack_servers::programs;
pub use ecotrack_servers::{Kafka, Postgres, Redis, patience};
pub use name::Name;
pub use service::Service;
pub use shop::{Reply, Shop};
pub use stack::{Options, Stack};
