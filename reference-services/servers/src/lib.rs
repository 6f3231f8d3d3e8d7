//! PostgreSQL, Redis and Kafka as processes of this machine, gone when whoever started them is gone, however that ends.
//!
//! Two ways in. [`Access::Platform`] is what services find in the cluster: TLS and passwords everywhere, commits on disk, the
//! platform's databases and topics. [`Access::Open`] is for tests, which share [`Shared`] servers and make their own databases
//! and topics: besides TLS there is a plain door, and nothing is written to disk in earnest.

mod certificates;
mod jars;
mod kafka;
pub mod patience;
pub mod ports;
mod postgres;
pub mod process;
pub mod programs;
mod redis;
mod run_folder;
mod shared;
mod spawner;

use rand::{Rng as _, distr::Alphanumeric};

pub use certificates::Certificates;
pub use kafka::{Kafka, PARTITIONS, Topics};
pub use postgres::Postgres;
pub use redis::Redis;
pub use run_folder::RunFolder;
pub use shared::{Addresses, Shared};

const PASSWORD_LENGTH: usize = 32;

/// How servers are entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// By TLS and password, as on the platform.
    Platform,
    /// By TLS or without.
    Open,
}

/// A password nobody can guess.
#[must_use]
pub fn new_password() -> String {
    rand::rng().sample_iter(Alphanumeric).take(PASSWORD_LENGTH).map(char::from).collect()
}
