//! All of it together: servers, services, their secrets and addresses.

mod surroundings;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::Context as _;
use ecotrack_servers::{Access, Certificates, Kafka, Postgres, Redis, RunFolder, programs};

use crate::{accounts::Accounts, name::Name, service::Service};
use surroundings::Surroundings;

/// Longest an answer may take; more than any service's own deadline.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What differs from one stack to another.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder with the services' binaries.
    pub binaries: PathBuf,
    /// Environment of every service, beside what it needs.
    pub variables: Vec<(String, String)>,
}

impl Default for Options {
    /// The release folder, and logs of what went wrong only.
    fn default() -> Self {
        Self {
            binaries: programs::target().join("release"),
            variables: vec![("ECOTRACK_LOG".to_owned(), "warn,librdkafka=off".to_owned())],
        }
    }
}

/// Running servers and services. All of it ends when this is dropped, or when this program ends in any way.
#[derive(Debug)]
pub struct Stack {
    services: Vec<Service>,
    accounts: Accounts,
    webhook_secrets: BTreeMap<String, String>,
    kafka: Kafka,
    redis: Redis,
    postgres: Postgres,
    run: RunFolder,
}

impl Stack {
    /// Starts everything and waits until every service is ready.
    pub async fn start(options: &Options) -> anyhow::Result<Self> {
        let stack = Self::prepare(options).await?;
        for service in &stack.services {
            service.start()?;
        }
        stack.await_ready().await?;
        Ok(stack)
    }

    /// Starts the servers only; services are there to be started in any order.
    pub async fn prepare(options: &Options) -> anyhow::Result<Self> {
        let run = RunFolder::create()?;
        let certificates = Certificates::make(&run.folder("certificates")?)?;
        let users = Name::SERVICES.map(Name::as_str);
        let (postgres, redis, kafka) = tokio::try_join!(
            Postgres::start(&run, &certificates, Access::Platform),
            Redis::start(&run, &certificates, Access::Platform),
            Kafka::start(&run, &certificates, Access::Platform, &users),
        )?;
        let http = client()?;
        let surroundings =
            Surroundings::new(options, &run, &certificates, (&postgres, &redis, &kafka))?;
        let services = Name::ALL
            .into_iter()
            .map(|name| surroundings.service(name, http.clone()))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let accounts = Accounts::new(
            http,
            surroundings.url_of(Name::UserService)?,
            surroundings.signing_key(),
        )?;
        let webhook_secrets = surroundings.webhook_secrets();
        let stack = Self { services, accounts, webhook_secrets, kafka, redis, postgres, run };
        for name in Name::ALL {
            stack.rotate_login(name).await?;
        }
        Ok(stack)
    }

    /// Waits until every service is ready.
    pub async fn await_ready(&self) -> anyhow::Result<()> {
        futures::future::try_join_all(self.services.iter().map(Service::await_ready)).await?;
        Ok(())
    }

    /// The services and the sandbox.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// One of them.
    pub fn service(&self, name: Name) -> anyhow::Result<&Service> {
        self.services
            .iter()
            .find(|service| service.name() == name)
            .with_context(|| format!("no {name}"))
    }

    /// Whoever has an account, and their tokens.
    #[must_use]
    pub const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// What providers sign their webhooks with, by provider.
    #[must_use]
    pub const fn webhook_secrets(&self) -> &BTreeMap<String, String> {
        &self.webhook_secrets
    }

    /// The database.
    #[must_use]
    pub const fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// The cache.
    #[must_use]
    pub const fn redis(&self) -> &Redis {
        &self.redis
    }

    /// The broker.
    #[must_use]
    pub const fn kafka(&self) -> &Kafka {
        &self.kafka
    }

    /// The folder of this run: logs and data.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.run.path()
    }

    /// Leaves the folder on disk when the stack ends, for somebody to look at.
    pub fn keep_folder(&self) -> anyhow::Result<()> {
        self.run.keep()
    }

    /// Mounts a new database login for a service. The sandbox's never changes.
    pub async fn rotate_login(&self, name: Name) -> anyhow::Result<()> {
        let login = match name {
            Name::ProviderSandbox => self.postgres.sandbox_login(),
            Name::UserService
            | Name::ProductService
            | Name::OrderService
            | Name::PaymentService
            | Name::NotificationService => self.postgres.new_login(&name.schema()).await?,
        };
        self.service(name)?.mount_login(&login)
    }
}

/// A client that speaks plain HTTP on loopback.
pub(crate) fn client() -> anyhow::Result<reqwest::Client> {
    reqwest::Client::builder()
        .timeout(ANSWER_WITHIN)
        .tls_certs_only([])
        .no_proxy()
        .build()
        .context("cannot make an HTTP client")
}
