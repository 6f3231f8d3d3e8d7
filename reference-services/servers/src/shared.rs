//! The servers of a test run: one of each for all of its processes.

use anyhow::bail;
use tokio::sync::OnceCell;

use crate::{Access, Certificates, Kafka, Postgres, Redis, RunFolder};

/// Who may log in to Kafka's secured door.
const USER: &str = "test-service";

/// Where the servers of a test run are. Each is open, and has a door with TLS besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// PostgreSQL, host and port: user `postgres`, any password, with or without TLS.
    pub postgres: String,
    /// Redis without TLS, as a URL with the password.
    pub redis: String,
    /// Redis with TLS, as a URL without password.
    pub redis_tls: String,
    /// The password of Redis.
    pub redis_password: String,
    /// Kafka without TLS.
    pub kafka: String,
    /// Kafka with TLS, for the user `test-service`.
    pub kafka_tls: String,
    /// The password of `test-service`.
    pub kafka_password: String,
    /// The file with the certificate authority behind all of them.
    pub ca_file: String,
}

impl Addresses {
    /// As environment variables.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, &str); 8] {
        [
            ("ECOTRACK_TEST_POSTGRES", &self.postgres),
            ("ECOTRACK_TEST_REDIS", &self.redis),
            ("ECOTRACK_TEST_REDIS_TLS", &self.redis_tls),
            ("ECOTRACK_TEST_REDIS_PASSWORD", &self.redis_password),
            ("ECOTRACK_TEST_KAFKA", &self.kafka),
            ("ECOTRACK_TEST_KAFKA_TLS", &self.kafka_tls),
            ("ECOTRACK_TEST_KAFKA_PASSWORD", &self.kafka_password),
            ("ECOTRACK_TEST_CA_FILE", &self.ca_file),
        ]
    }

    /// Reads what [`Addresses::variables`] set; none when nothing did. Half of them is an error: tests would run half on the
    /// servers they were meant to.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<Self>> {
        let mut missing = Vec::new();
        let mut take = |name: &'static str| {
            get(name).unwrap_or_else(|| {
                missing.push(name);
                String::new()
            })
        };
        let addresses = Self {
            postgres: take("ECOTRACK_TEST_POSTGRES"),
            redis: take("ECOTRACK_TEST_REDIS"),
            redis_tls: take("ECOTRACK_TEST_REDIS_TLS"),
            redis_password: take("ECOTRACK_TEST_REDIS_PASSWORD"),
            kafka: take("ECOTRACK_TEST_KAFKA"),
            kafka_tls: take("ECOTRACK_TEST_KAFKA_TLS"),
            kafka_password: take("ECOTRACK_TEST_KAFKA_PASSWORD"),
            ca_file: take("ECOTRACK_TEST_CA_FILE"),
        };
        match missing.len() {
            0 => Ok(Some(addresses)),
            all if all == addresses.variables().len() => Ok(None),
            _ => bail!("some servers of the tests are named, but not {}", missing.join(", ")),
        }
    }
}

/// The three servers. They end when this is dropped, or when this program ends in any way.
#[derive(Debug)]
pub struct Shared {
    addresses: Addresses,
    _servers: (Postgres, Redis, Kafka),
    // Goes last: it is where the servers keep their files.
    _run: RunFolder,
}

impl Shared {
    /// Starts them.
    pub async fn start() -> anyhow::Result<Self> {
        let run = RunFolder::create()?;
        let certificates = Certificates::make(&run.folder("certificates")?)?;
        let (postgres, redis, kafka) = tokio::try_join!(
            Postgres::start(&run, &certificates, Access::Open),
            Redis::start(&run, &certificates, Access::Open),
            Kafka::start(&run, &certificates, Access::Open, &[USER]),
        )?;
        let addresses = Addresses {
            postgres: format!("127.0.0.1:{}", postgres.port()),
            redis: redis.plain(),
            redis_tls: redis.url(),
            redis_password: redis.password().to_owned(),
            kafka: kafka.plain(),
            kafka_tls: kafka.secured(),
            kafka_password: kafka.password().to_owned(),
            ca_file: certificates.ca.display().to_string(),
        };
        Ok(Self { addresses, _servers: (postgres, redis, kafka), _run: run })
    }

    /// Where they are.
    #[must_use]
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The servers this process was started beside; where there are none, its own, started when first asked for.
    pub async fn find() -> anyhow::Result<&'static Addresses> {
        static NAMED: OnceCell<Option<Addresses>> = OnceCell::const_new();
        static OWN: OnceCell<Shared> = OnceCell::const_new();
        let read = || async { Addresses::read(|name| std::env::var(name).ok()) };
        match NAMED.get_or_try_init(read).await? {
            Some(addresses) => Ok(addresses),
            None => Ok(OWN.get_or_try_init(Self::start).await?.addresses()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> Addresses {
        let text = |name: &str| name.to_owned();
        Addresses {
            postgres: text("a"),
            redis: text("b"),
            redis_tls: text("c"),
            redis_password: text("d"),
            kafka: text("e"),
            kafka_tls: text("f"),
            kafka_password: text("g"),
            ca_file: text("h"),
        }
    }

    #[test]
    fn what_is_written_into_the_environment_is_read_from_it() {
        let addresses = addresses();
        let get = |name: &str| {
            let found = addresses.variables().into_iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| value.to_owned())
        };
        assert_eq!(Addresses::read(get).unwrap(), Some(addresses.clone()));
        assert_eq!(Addresses::read(|_| None).unwrap(), None);
    }

    #[test]
    fn half_an_environment_is_an_error_that_names_the_rest() {
        let get = |name: &str| name.ends_with("POSTGRES").then(String::new);
        let error = Addresses::read(get).unwrap_err().to_string();
        assert!(error.contains("ECOTRACK_TEST_KAFKA, "), "{error}");
    }
}
