//! The service's database: a pool whose credentials change while it is used, in a schema the service migrates itself.

mod begin;
mod credentials;
mod gauges;
mod migrate;
mod pool;
mod turns;

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use arc_swap::ArcSwapOption;
use chrono::{DateTime, SubsecRound as _, Utc};
use prometheus_client::{metrics::counter::Counter, registry::Registry};
use sqlx::{PgPool, Postgres, Transaction, migrate::Migrator, pool::PoolConnection};
use tokio::sync::{Mutex, Notify};
use url::Url;

use crate::{
    config::{ConfigError, Settings},
    deadline, failpoint,
    outage::Outage,
    retry,
    workers::Workers,
};
use credentials::Credentials;
use turns::{Taken, Turns};

/// How often the mounted credentials are looked at.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);
/// How long work on the old pool may go on after a swap.
const DRAIN_DEADLINE: Duration = Duration::from_secs(30);
/// A pool may be swapped while a connection is asked for; more than twice in a row is something else.
const MAX_SWAPS: usize = 2;

/// What the database needs to be reached.
#[derive(Clone)]
pub struct DatabaseSettings {
    /// `ECOTRACK_DATABASE_URL`, without user and password.
    pub url: Url,
    /// `ECOTRACK_DATABASE_CREDENTIALS_DIR`: files `username` and `password`.
    pub credentials_dir: PathBuf,
    /// The platform's certificate authority.
    pub ca_file: Option<PathBuf>,
    /// The schema the service owns.
    pub schema: String,
    /// Name of the service, as the database's own views show it.
    pub application: &'static str,
}

impl DatabaseSettings {
    /// Reads the settings.
    pub fn load(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            url: settings.required("ECOTRACK_DATABASE_URL")?,
            credentials_dir: settings.required("ECOTRACK_DATABASE_CREDENTIALS_DIR")?,
            ca_file: settings.ca_file()?,
            schema: settings.schema(),
            application: settings.service,
        })
    }
}

/// The database. Cheap to clone. Not there until it was reached and migrated once; see [`is_unavailable`].
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    settings: DatabaseSettings,
    migrations: &'static Migrator,
    pool: ArcSwapOption<PgPool>,
    turns: Turns,
    in_use: Mutex<Option<Credentials>>,
    look: Notify,
    rotations: Counter,
}

impl Database {
    /// Starts the task that connects, migrates and from then on follows the credentials.
    pub fn start(
        settings: DatabaseSettings,
        migrations: &'static Migrator,
        registry: &mut Registry,
        workers: &Workers,
    ) -> Self {
        let rotations = Counter::default();
        registry.register(
            "db_credentials_rotations",
            "Times the pool was swapped for one with new credentials",
            rotations.clone(),
        );
        let database = Self(Arc::new(Inner {
            settings,
            migrations,
            pool: ArcSwapOption::empty(),
            turns: Turns::default(),
            in_use: Mutex::default(),
            look: Notify::new(),
            rotations,
        }));
        gauges::register(&database, registry);
        let watched = database.clone();
        workers.spawn("database", |stop| async move {
            stop.run_until_cancelled(watched.watch()).await.unwrap_or(Ok(()))
        });
        database
    }

    /// A transaction. Ends with an error within the pool's acquire timeout when no connection is free.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let begin = async |pool: PgPool| begin::on(self.ask(pool).await?).await;
        self.persist(|pool| Box::pin(begin(pool))).await
    }

    /// A connection, for reads that need no transaction.
    pub async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        self.persist(|pool| Box::pin(self.ask(pool))).await
    }

    async fn ask(&self, pool: PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        let lying = pool.clone();
        let pick_up = move || lying.try_acquire();
        match self.0.turns.take(pick_up, async move { pool.acquire().await }).await? {
            Taken::Asked(connection) => Ok(connection),
            Taken::PickedUp(connection) => pool::checked(connection).await,
        }
    }

    /// Asks for a connection again where that may help: nothing was done yet, so it is always safe.
    async fn persist<T, Fut>(&self, ask: impl Fn(PgPool) -> Fut) -> Result<T, sqlx::Error>
    where
        Fut: Future<Output = Result<T, sqlx::Error>>,
    {
        let (mut swaps, mut pauses) = (0, retry::DATABASE.pauses());
        loop {
            let pool = self.pool()?;
            let error = match ask(PgPool::clone(&pool)).await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            if swaps < MAX_SWAPS && self.is_cured(&error, &pool).await {
                swaps += 1;
                continue;
            }
            // An exhausted pool was waited for already, and a login is not cured by waiting.
            let pause = pauses.next().filter(|_| is_unreachable(&error));
            match pause.and_then(deadline::for_pause) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    /// Whether the database answers. That it has no room for another connection is an answer too.
    pub async fn is_ready(&self) -> bool {
        match self.persist(pool::ask).await {
            Ok(()) => true,
            Err(error) => is_of_class(&error, "53"),
        }
    }

    fn pool(&self) -> Result<Arc<PgPool>, sqlx::Error> {
        self.0.pool.load_full().ok_or(sqlx::Error::PoolClosed)
    }

    /// Whether an error comes from credentials that were replaced meanwhile, by whomever, so that asking again helps.
    async fn is_cured(&self, error: &sqlx::Error, asked: &Arc<PgPool>) -> bool {
        if is_refused_login(error) {
            // What this fails of, `watch` says.
            self.follow().await.ok();
        } else if !matches!(error, sqlx::Error::PoolClosed) {
            return false;
        }
        self.pool().is_ok_and(|pool| !Arc::ptr_eq(&pool, asked))
    }

    /// Follows the credentials for ever. Returns only when the schema is one this version does not know.
    async fn watch(&self) -> anyhow::Result<()> {
        let mut outage = Outage::of("database");
        loop {
            match self.follow().await {
                Ok(()) => outage.is_over(),
                Err(error) if migrate::is_unknown_schema(&error) => return Err(error),
                Err(error) => outage.failed(&error),
            }
            tokio::time::timeout(WATCH_INTERVAL, self.0.look.notified()).await.ok();
        }
    }

    /// Swaps the pool if the mounted credentials are not those in use.
    async fn follow(&self) -> anyhow::Result<()> {
        let mut in_use = self.0.in_use.lock().await;
        let mounted = Credentials::read(&self.0.settings.credentials_dir)?;
        if in_use.as_ref() == Some(&mounted) {
            return Ok(());
        }
        let pool = pool::connect(&self.0.settings, &mounted)
            .await
            .context("cannot log in to the database")?;
        if in_use.is_none()
            && let Err(error) =
                migrate::run(&pool, &self.0.settings.schema, self.0.migrations).await
        {
            pool.close().await;
            return Err(error);
        }
        if in_use.is_some() {
            failpoint::hit("database.rotation");
        }
        *in_use = Some(mounted);
        if let Some(old) = self.0.pool.swap(Some(Arc::new(pool))) {
            self.retire(PgPool::clone(&old));
        } else {
            tracing::info!("the database is connected and migrated");
        }
        Ok(())
    }

    fn retire(&self, old: PgPool) {
        self.0.rotations.inc();
        tracing::info!("new database credentials are in use");
        tokio::spawn(async move {
            if tokio::time::timeout(DRAIN_DEADLINE, old.close()).await.is_err() {
                tracing::warn!("work on the old database credentials did not end in time");
            }
        });
    }
}

/// The time in the precision the database keeps, so that what is answered at first is what is read back later.
#[must_use]
pub fn now() -> DateTime<Utc> {
    /// PostgreSQL keeps microseconds.
    const DIGITS: u16 = 6;
    Utc::now().trunc_subsecs(DIGITS)
}

/// Whether an error says that the database cannot be reached or has no room, so that trying later may help.
#[must_use]
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    /// Connection failures, a server that only reads since another took over, logins, transactions that stood in each other's way,
    /// shortage, locks that others hold for too long, shutdowns, failing disks: the server's own words for "not now".
    const CLASSES: [&str; 8] = ["08", "25006", "28", "40", "53", "55P03", "57", "58"];
    let of_connection = matches!(
        error,
        sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
    );
    of_connection || CLASSES.iter().any(|class| is_of_class(error, class))
}

/// Whether the database said such a thing, and that is what is behind this error.
pub(crate) fn is_behind(error: &anyhow::Error, said: impl FnMut(&sqlx::Error) -> bool) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref()).any(said)
}

/// Whether the server ended the statement because it took too long. A request may come again; what is slow each time is to blame
/// itself.
pub(crate) fn is_too_slow(error: &sqlx::Error) -> bool {
    is_of_class(error, "57014")
}

/// Whether nobody listens, or the server is just starting or stopping.
fn is_unreachable(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_)) || is_of_class(error, "57") || is_of_class(error, "08")
}

/// No such role, wrong password, may not log in.
fn is_refused_login(error: &sqlx::Error) -> bool {
    is_of_class(error, "28")
}

/// Whether the server's error code begins so.
fn is_of_class(error: &sqlx::Error, class: &str) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with(class))
}
