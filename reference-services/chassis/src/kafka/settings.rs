//! How to reach Kafka.

use std::path::PathBuf;

use anyhow::Context as _;
use rdkafka::ClientConfig;
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::{ConfigError, Settings};

/// What Kafka needs to be reached.
#[derive(Clone)]
pub struct KafkaSettings {
    /// `ECOTRACK_KAFKA_BROKERS`: addresses, separated by commas.
    pub brokers: String,
    /// Name of the service: its user, its client id and its consumer group.
    pub service: &'static str,
    /// `ECOTRACK_KAFKA_PREFIX`: what the names of topics and of the consumer group begin with on a Kafka that is shared.
    pub prefix: String,
    /// How the connection is secured; `None` only where `ECOTRACK_KAFKA_SECURITY` says `plaintext`, as tests do.
    pub security: Option<KafkaSecurity>,
}

/// `SASL_SSL` with SCRAM-SHA-512.
#[derive(Clone)]
pub struct KafkaSecurity {
    /// The file `kafka-password` among the secrets.
    pub password: SecretString,
    /// The platform's certificate authority.
    pub ca_file: PathBuf,
}

impl KafkaSettings {
    /// Reads the settings.
    pub fn load(settings: &Settings) -> Result<Self, ConfigError> {
        let security: Option<String> = settings.optional("ECOTRACK_KAFKA_SECURITY")?;
        let security = match security.as_deref() {
            Some("plaintext") => None,
            _ => Some(KafkaSecurity {
                password: settings.secrets()?.read("kafka-password")?,
                ca_file: settings.required("ECOTRACK_CA_FILE")?,
            }),
        };
        Ok(Self {
            brokers: settings.required("ECOTRACK_KAFKA_BROKERS")?,
            service: settings.service,
            prefix: settings.optional("ECOTRACK_KAFKA_PREFIX")?.unwrap_or_default(),
            security,
        })
    }

    /// What a topic or a group is called on this Kafka.
    pub(crate) fn named(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// What producers and consumers have in common.
    pub(crate) fn client(&self) -> anyhow::Result<ClientConfig> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers).set("client.id", self.service);
        if let Some(security) = &self.security {
            let ca_file = security.ca_file.to_str().context("ECOTRACK_CA_FILE is not text")?;
            config
                .set("security.protocol", "SASL_SSL")
                .set("sasl.mechanism", "SCRAM-SHA-512")
                .set("sasl.username", self.service)
                .set("sasl.password", security.password.expose_secret())
                .set("ssl.ca.location", ca_file)
                // Its default today; that a broker is who it says must not depend on one.
                .set("ssl.endpoint.identification.algorithm", "https");
        }
        Ok(config)
    }
}
