//! The life of a service: put together, serving, drained, gone.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use ecotrack_events::Topic;
use prometheus_client::registry::Registry;
use sqlx::migrate::Migrator;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use url::Url;
use utoipa::openapi::OpenApi;

use crate::{
    auth::Verifier,
    breaker::{Breaker, BreakerSettings, BreakerStates},
    cache::{Cache, CacheSettings},
    config::Settings,
    health::Health,
    http::{self, Server, Surroundings},
    http_client::{SERVICE_BREAKER, ServiceClient},
    idempotency,
    inbox::{self, Consumer, Handler, Processor},
    kafka::{KafkaSettings, Producer},
    metrics::{self, Requests},
    outbox::{self, Outbox, Relay},
    postgres::{Database, DatabaseSettings},
    telemetry,
    workers::{Progress, Workers},
};

/// Longest that requests in flight may go on after the service was told to stop.
const DRAIN_DEADLINE: Duration = Duration::from_secs(15);
/// Longest that background tasks may go on after that.
const WORKERS_DEADLINE: Duration = Duration::from_secs(5);
/// How often rows that have had their time are removed.
const PRUNE_INTERVAL: Duration = Duration::from_mins(10);

/// A service being put together.
pub struct Chassis {
    settings: Settings,
    registry: Registry,
    requests: Requests,
    health: Health,
    workers: Workers,
    failures: mpsc::Receiver<anyhow::Error>,
    producer: Option<Producer>,
    breakers: BreakerStates,
}

impl Chassis {
    /// Begins with nothing but the settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let mut registry = Registry::default();
        let requests = metrics::requests(&mut registry);
        let breakers = BreakerStates::register(&mut registry);
        telemetry::register(&mut registry);
        let (workers, failures) = Workers::new();
        Self {
            settings,
            registry,
            requests,
            health: Health::default(),
            workers,
            failures,
            producer: None,
            breakers,
        }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where the service registers its own metrics.
    pub fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// Where the service registers what it cannot serve without. The database registers itself.
    pub fn health(&mut self) -> &mut Health {
        &mut self.health
    }

    /// The background tasks.
    #[must_use]
    pub fn workers(&self) -> &Workers {
        &self.workers
    }

    /// The service's database, migrated as soon as it is there. Readiness follows it.
    pub fn database(&mut self, migrations: &'static Migrator) -> anyhow::Result<Database> {
        let settings = DatabaseSettings::load(&self.settings)?;
        let database = Database::start(settings, migrations, &mut self.registry, &self.workers);
        let checked = database.clone();
        self.health.register("database", move || {
            let database = checked.clone();
            async move { database.is_ready().await }
        });
        Ok(database)
    }

    /// The cache. Readiness does not follow it: without it everything is slower, not wrong.
    pub fn cache(&mut self) -> anyhow::Result<Cache> {
        Cache::new(&CacheSettings::load(&self.settings)?, &mut self.registry)
    }

    /// The outbox, with its relay running. Readiness does not follow Kafka: events wait in the table.
    pub fn outbox(&mut self, database: &Database) -> anyhow::Result<Outbox> {
        let outbox = Outbox::new(self.settings.service);
        let producer = self.producer()?;
        #[cfg(feature = "planted-dual-write")]
        outbox.send_directly(producer.clone());
        Relay::new(database.clone(), producer, &outbox, &mut self.registry).start(&self.workers);
        self.prune("outbox-pruning", database, outbox::prune);
        Ok(outbox)
    }

    /// Forgets idempotency keys that have aged out. For services that have the table.
    pub fn prune_idempotency_keys(&self, database: &Database) {
        self.prune("idempotency-pruning", database, idempotency::prune);
    }

    /// Removes, batch by batch, rows that have had their time. A step removes one batch.
    pub fn prune<Fut>(
        &self,
        name: &'static str,
        database: &Database,
        step: impl Fn(Database) -> Fut + Send + Sync + 'static,
    ) where
        Fut: Future<Output = anyhow::Result<Progress>> + Send + 'static,
    {
        let (database, step) = (database.clone(), Arc::new(step));
        self.workers.repeat(name, PRUNE_INTERVAL, move || {
            let (database, step) = (database.clone(), Arc::clone(&step));
            async move {
                if database.is_ready().await { step(database).await } else { Ok(Progress::Idle) }
            }
        });
    }

    /// Consumes topics in the service's group. One handler per service: the group's members must agree on topics.
    pub fn consume(
        &mut self,
        database: &Database,
        topics: &[Topic],
        handler: impl Handler,
    ) -> anyhow::Result<()> {
        let settings = KafkaSettings::load(&self.settings)?;
        let (consumer, producer) = (self.settings.service, self.producer()?);
        let processor = Processor::new(consumer, database.clone(), producer, handler)
            .counting(topics, &mut self.registry);
        Consumer::new(&settings, topics, processor)?.start(&self.workers);
        self.prune("inbox-pruning", database, move |database| inbox::prune(database, consumer));
        Ok(())
    }

    /// The verifier of access tokens, with the keys of `ECOTRACK_USER_SERVICE_URL`.
    pub fn verifier(&self) -> anyhow::Result<Verifier> {
        Verifier::remote(self.settings.required("ECOTRACK_USER_SERVICE_URL")?)
    }

    /// A client of the service whose address is in a variable, for example `ECOTRACK_ORDER_SERVICE_URL`, with a breaker.
    pub fn client(&self, service: &'static str, variable: &str) -> anyhow::Result<ServiceClient> {
        self.client_with_breaker(service, variable, SERVICE_BREAKER)
    }

    /// Like [`Chassis::client`], with a breaker of other measures.
    pub fn client_with_breaker(
        &self,
        service: &'static str,
        variable: &str,
        breaker: BreakerSettings,
    ) -> anyhow::Result<ServiceClient> {
        let client = ServiceClient::new(service, self.settings.required::<Url>(variable)?)?;
        Ok(client.with_breaker(self.breaker(service, breaker)))
    }

    /// A breaker for anything else that may be away. Its state is in `circuit_breaker_state{name}`.
    #[must_use]
    pub fn breaker(&self, name: &'static str, settings: BreakerSettings) -> Breaker {
        Breaker::new(name, settings, &self.breakers)
    }

    /// Takes the address and adds what surrounds every service: limits, telemetry, actuator paths, `/openapi.json`.
    pub async fn serve(self, routes: Router, openapi: OpenApi) -> anyhow::Result<Application> {
        let server = Server::bind(self.settings.http_addr).await?;
        let surroundings = Surroundings {
            settings: self.settings.clone(),
            registry: Arc::new(self.registry),
            requests: self.requests,
            health: self.health.clone(),
            openapi,
        };
        Ok(Application {
            service: self.settings.service,
            server,
            router: http::surround(routes, surroundings),
            health: self.health,
            workers: self.workers,
            failures: self.failures,
            stop: CancellationToken::new(),
        })
    }

    fn producer(&mut self) -> anyhow::Result<Producer> {
        if let Some(producer) = &self.producer {
            return Ok(producer.clone());
        }
        let producer = Producer::new(&KafkaSettings::load(&self.settings)?)?;
        Ok(self.producer.insert(producer).clone())
    }
}

/// A service that listens and can be run.
pub struct Application {
    service: &'static str,
    server: Server,
    router: Router,
    health: Health,
    workers: Workers,
    failures: mpsc::Receiver<anyhow::Error>,
    stop: CancellationToken,
}

impl Application {
    /// The address it really listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Ends [`Application::run`] when cancelled, as SIGTERM does.
    #[must_use]
    pub fn stopper(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Serves until told to stop or until a worker fails for good; then readiness goes off, requests in flight finish,
    /// workers end. An error is why a worker failed.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self { service, server, router, health, workers, mut failures, stop } = self;
        tracing::info!(service, address = %server.address(), "listening");
        let watch = stop.clone();
        let failed = async move {
            let failure = watch.run_until_cancelled(failures.recv()).await.flatten();
            health.stop();
            watch.cancel();
            failure
        };
        let (failure, drained) = tokio::join!(failed, server.serve(router, stop, DRAIN_DEADLINE));
        if !drained {
            tracing::warn!("requests in flight were cut off");
        }
        if !workers.stop(WORKERS_DEADLINE).await {
            tracing::warn!("background tasks were cut off");
        }
        tracing::info!(service, "stopped");
        failure.map_or(Ok(()), Err)
    }
}
