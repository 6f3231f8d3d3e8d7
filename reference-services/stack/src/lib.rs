//! The five services and the provider sandbox as real processes on loopback, with real PostgreSQL, Redis and Kafka.
//!
//! For what needs real processes and no cluster: kills, races, fuzzing, benchmarks.

mod accounts;
pub mod bench;
mod certificates;
pub mod crash;
pub mod fuzz;
mod name;
pub mod patience;
pub mod planted;
mod ports;
mod process;
mod programs;
pub mod race;
pub mod report;
mod run_folder;
mod secrets;
mod servers;
mod service;
mod shop;
mod spawner;
mod stack;
pub mod variant;

pub use accounts::{ADMIN, Accounts, CUSTOMER, Customer};
pub use name::Name;
pub use servers::{Kafka, Postgres, Redis};
pub use service::Service;
pub use stack::{Options, Stack};
