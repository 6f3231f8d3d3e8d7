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

#[cfg(test)]
mod tests {
    /// The checker knows the services from outside only, so what it takes for granted is said twice.
    #[test]
    fn the_checker_knows_how_long_an_outbox_keeps_its_rows() {
        let known = ecotrack_invariants::contract::OUTBOX_KEEPS;
        assert_eq!(known.to_std().unwrap(), ecotrack_chassis::outbox::KEEPS);
    }
}
