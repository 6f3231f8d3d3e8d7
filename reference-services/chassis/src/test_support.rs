//! Real servers for the tests of services: PostgreSQL, Redis and Kafka, shared by all tests. Every test has a database, topics
//! and consumer groups of its own.
//!
//! The program `servers` starts them once for a whole run and says in the environment where they are; a test process that is run
//! alone starts its own. A server that is not installed is an error that names its package; no test is skipped for it.

pub mod access;
mod answer;
pub mod canary;
pub mod contract;
mod fixture;
mod heard;
mod issuer;
mod kafka;
mod postgres;
mod unheard;

use std::time::Duration;

use backon::{ConstantBuilder, Retryable as _};

pub use answer::{Answer, Client};
pub use ecotrack_servers::ports;
pub use fixture::{Fixture, Service};
pub use heard::Heard;
pub use issuer::{Issuer, signing_key};
pub use kafka::Kafka;
pub use postgres::TestDatabase;

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(20);
/// How often at most: 15 s.
const ATTEMPTS: usize = 750;

/// Looks until a condition holds. The error of the last look says what was still missing.
pub async fn eventually<T, F, Fut>(look: F) -> anyhow::Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<T>>,
{
    look.retry(ConstantBuilder::default().with_delay(INTERVAL).with_max_times(ATTEMPTS)).await
}
