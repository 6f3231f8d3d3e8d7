//! The connection to Redis: over TLS with a password, with a short patience and a pause after a failure.

use std::{
    num::NonZeroU16,
    path::PathBuf,
    sync::{Arc, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use redis::{
    Client, Cmd, FromRedisValue, IntoConnectionInfo as _, RedisConnectionInfo, TlsCertificates,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use secrecy::ExposeSecret as _;
use tokio::time::Instant;

use crate::config::{ConfigError, Secrets, Settings};

/// Longest a request waits for Redis before it goes to the database instead, in milliseconds, unless a setting says otherwise.
const PATIENCE_MS: NonZeroU16 = NonZeroU16::new(250).unwrap();
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long Redis is left alone after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// The file with the password, among the secrets.
const PASSWORD_FILE: &str = "redis-password";

/// What Redis needs to be reached.
#[derive(Clone)]
pub struct CacheSettings {
    /// `ECOTRACK_REDIS_URL`.
    pub url: String,
    /// Where the file `redis-password` is, read anew for each connection; a server of a test has none.
    pub secrets: Option<Secrets>,
    /// The platform's certificate authority.
    pub ca_file: Option<PathBuf>,
    /// `ECOTRACK_REDIS_PATIENCE_MS`: longest a request waits for Redis before it goes to the database instead.
    pub patience: Duration,
}

impl CacheSettings {
    /// Reads the settings. A `rediss` server wants its password, a plain one has none.
    pub fn load(settings: &Settings) -> Result<Self, ConfigError> {
        let url: String = settings.required("ECOTRACK_REDIS_URL")?;
        let secrets = if url.starts_with("rediss://") { Some(settings.secrets()?) } else { None };
        let patience: NonZeroU16 =
            settings.optional("ECOTRACK_REDIS_PATIENCE_MS")?.unwrap_or(PATIENCE_MS);
        let patience = Duration::from_millis(patience.get().into());
        Ok(Self { url, secrets, ca_file: settings.ca_file()?, patience })
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("redis is left alone after a failure")]
    Paused,
    #[error("redis did not answer in time")]
    TimedOut,
    #[error("redis refused")]
    Redis(#[from] redis::RedisError),
}

pub(super) struct Connection {
    settings: CacheSettings,
    manager: Arc<ArcSwap<ConnectionManager>>,
    /// Held by who connects anew.
    renewal: Arc<tokio::sync::Mutex<()>>,
    paused_until: std::sync::Mutex<Option<Instant>>,
}

impl Connection {
    pub(super) fn lazy(settings: &CacheSettings) -> anyhow::Result<Self> {
        let manager = client(settings)?.get_connection_manager_lazy(config(settings))?;
        Ok(Self {
            settings: settings.clone(),
            manager: Arc::new(ArcSwap::from_pointee(manager)),
            renewal: Arc::default(),
            paused_until: std::sync::Mutex::default(),
        })
    }

    /// Sends a command, unless Redis is left alone.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        if self.is_paused() {
            return Err(Error::Paused);
        }
        self.insist(command).await
    }

    /// Sends a command that must arrive, also while Redis is left alone.
    pub(super) async fn insist<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        let mut manager = ConnectionManager::clone(&self.manager.load());
        let asked = tokio::time::timeout(self.settings.patience, command.query_async(&mut manager));
        let answer = match asked.await {
            Ok(answer) => answer.map_err(Error::Redis),
            Err(_) => Err(Error::TimedOut),
        };
        if let Err(error) = &answer
            && self.begin_pause()
        {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "redis is not usable, going without it"
            );
            self.renew();
        }
        answer
    }

    /// Whether Redis is left alone.
    pub(super) fn is_paused(&self) -> bool {
        let until = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    /// Says whether there was no pause yet.
    fn begin_pause(&self) -> bool {
        let mut until = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_new = until.is_none_or(|until| until <= now);
        if is_new {
            *until = Some(now + PAUSE);
        }
        is_new
    }

    /// Connects anew: a manager does not notice by itself that nobody answers any more, nor that its password is right again.
    fn renew(&self) {
        let Ok(held) = Arc::clone(&self.renewal).try_lock_owned() else { return };
        let (settings, manager) = (self.settings.clone(), Arc::clone(&self.manager));
        tokio::spawn(async move {
            match connect(&settings).await {
                Ok(connected) => manager.store(Arc::new(connected)),
                Err(error) => tracing::debug!(error = format!("{error:#}"), "redis stays away"),
            }
            drop(held);
        });
    }
}

/// A manager that is connected, so that no caller's patience is spent on it.
async fn connect(settings: &CacheSettings) -> anyhow::Result<ConnectionManager> {
    Ok(client(settings)?.get_connection_manager_with_config(config(settings)).await?)
}

fn config(settings: &CacheSettings) -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_response_timeout(Some(settings.patience))
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
}

fn client(settings: &CacheSettings) -> anyhow::Result<Client> {
    let info = settings
        .url
        .as_str()
        .into_connection_info()
        .context("ECOTRACK_REDIS_URL is not an address of redis")?;
    let info = match &settings.secrets {
        Some(secrets) => {
            let password = secrets.read(PASSWORD_FILE)?;
            let login = RedisConnectionInfo::default().set_password(password.expose_secret());
            info.set_redis_settings(login)
        }
        None => info,
    };
    let root_cert = match &settings.ca_file {
        Some(file) => {
            Some(std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?)
        }
        None => None,
    };
    Ok(match root_cert {
        Some(_) if settings.url.starts_with("rediss://") => {
            Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })?
        }
        _ => Client::open(info)?,
    })
}
