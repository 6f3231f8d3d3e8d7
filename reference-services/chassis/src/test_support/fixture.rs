//! All that a service needs around it, and the service itself.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use anyhow::{anyhow, ensure};
use ecotrack_servers::Shared;
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::{Client, Kafka, TestDatabase, eventually, signing_key};
use crate::{app::Application, config::Settings, telemetry::Telemetry};

static TELEMETRY: OnceLock<Result<Telemetry, String>> = OnceLock::new();

/// What surrounds one service in one test.
pub struct Fixture {
    /// The service's database.
    pub database: TestDatabase,
    /// The service's broker.
    pub kafka: Kafka,
    secrets: TempDir,
    variables: HashMap<String, String>,
}

impl Fixture {
    /// A database and a broker of its own, Redis, and secrets with a new signing key.
    pub async fn new() -> anyhow::Result<Self> {
        let fixture = Self {
            database: TestDatabase::create().await?,
            kafka: Kafka::start()?,
            secrets: TempDir::new()?,
            variables: HashMap::new(),
        };
        fixture.secret("jwt-signing-key", &signing_key()?)?;
        let url = fixture.database.url.clone();
        let (brokers, prefix) = (fixture.kafka.brokers.clone(), fixture.kafka.prefix.clone());
        let credentials = fixture.database.credentials_dir().display().to_string();
        let secrets = fixture.secrets.path().display().to_string();
        Ok(fixture
            .with("ECOTRACK_ENVIRONMENT", "test")
            .with("ECOTRACK_HTTP_ADDR", "127.0.0.1:0")
            .with("ECOTRACK_LOG", "off")
            .with("ECOTRACK_DATABASE_URL", &url)
            .with("ECOTRACK_DATABASE_CREDENTIALS_DIR", &credentials)
            .with("ECOTRACK_SECRETS_DIR", &secrets)
            .with("ECOTRACK_REDIS_URL", &Shared::find().await?.redis)
            // Many tests share two cores and one Redis: what is late there is no failure.
            .with("ECOTRACK_REDIS_PATIENCE_MS", "2000")
            .with("ECOTRACK_KAFKA_BROKERS", &brokers)
            .with("ECOTRACK_KAFKA_PREFIX", &prefix)
            .with("ECOTRACK_KAFKA_SECURITY", "plaintext"))
    }

    /// The servers of the test run by their doors with TLS and password, as on the platform. Kafka lets in `test-service` only.
    pub async fn secured(mut self) -> anyhow::Result<Self> {
        let servers = Shared::find().await?;
        self.kafka = Kafka::of_run().await?;
        self.secret("kafka-password", &servers.kafka_password)?;
        self.secret("redis-password", &servers.redis_password)?;
        let url = self.database.url.replace("sslmode=disable", "sslmode=verify-full");
        let prefix = self.kafka.prefix.clone();
        Ok(self
            .with("ECOTRACK_DATABASE_URL", &url)
            .with("ECOTRACK_REDIS_URL", &servers.redis_tls)
            .with("ECOTRACK_KAFKA_BROKERS", &servers.kafka_tls)
            .with("ECOTRACK_KAFKA_PREFIX", &prefix)
            .with("ECOTRACK_KAFKA_SECURITY", "")
            .with("ECOTRACK_CA_FILE", &servers.ca_file))
    }

    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.variables.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Mounts a secret, or changes it.
    pub fn secret(&self, name: &str, value: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(self.secrets.path().join(name), value)?)
    }

    /// The settings of a service in these surroundings.
    pub fn settings(&self, service: &'static str) -> anyhow::Result<Settings> {
        let settings = Settings::load(service, Arc::new(self.variables.clone()))?;
        // The first service of a process decides; all tests of a binary are of one service.
        let install = || Telemetry::install(&settings).map_err(|error| format!("{error:#}"));
        TELEMETRY.get_or_init(install).as_ref().map_err(|error| anyhow!("{error}"))?;
        Ok(settings)
    }

    /// Starts a service; it need not be ready yet.
    pub async fn start<F, Fut>(&self, service: &'static str, build: F) -> anyhow::Result<Service>
    where
        F: FnOnce(Settings) -> Fut,
        Fut: Future<Output = anyhow::Result<Application>>,
    {
        let application = build(self.settings(service)?).await?;
        let base = Url::parse(&format!("http://{}", application.address()))?;
        let stop = application.stopper();
        let run = tokio::spawn(application.run());
        Ok(Service {
            client: Client::new(base)?,
            stop: stop.clone(),
            run,
            _guard: stop.drop_guard(),
        })
    }

    /// Starts a service and waits until it is ready.
    pub async fn start_ready<F, Fut>(
        &self,
        service: &'static str,
        build: F,
    ) -> anyhow::Result<Service>
    where
        F: FnOnce(Settings) -> Fut,
        Fut: Future<Output = anyhow::Result<Application>>,
    {
        let service = self.start(service, build).await?;
        service.await_ready().await?;
        Ok(service)
    }
}

/// A running service. It stops when this is dropped.
pub struct Service {
    /// Asks it.
    pub client: Client,
    stop: CancellationToken,
    run: tokio::task::JoinHandle<anyhow::Result<()>>,
    _guard: DropGuard,
}

impl Service {
    /// Waits until it says that it can serve.
    pub async fn await_ready(&self) -> anyhow::Result<()> {
        eventually(|| async {
            let answer = self.client.get("/actuator/health/readiness").await?;
            ensure!(answer.status.is_success(), "not ready: {}", answer.text);
            Ok(())
        })
        .await
    }

    /// Stops it as SIGTERM does and says how it ended.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.run.await?
    }
}
