//! The servers the services need, as on the platform: TLS and passwords everywhere, PostgreSQL with fsync.

mod jars;
mod kafka;
mod postgres;
mod redis;

use rand::{Rng as _, distr::Alphanumeric};

pub use kafka::Kafka;
pub use postgres::Postgres;
pub use redis::Redis;

const PASSWORD_LENGTH: usize = 32;

/// A password nobody can guess.
pub(crate) fn new_password() -> String {
    rand::rng().sample_iter(Alphanumeric).take(PASSWORD_LENGTH).map(char::from).collect()
}
