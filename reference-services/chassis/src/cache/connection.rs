//! The connection to Redis: over TLS with a password, with a short patience and a pause after a failure.

use std::{num::NonZeroU16, path::PathBuf, time::Duration};

use anyhow::Context as _;
use redis::{
    Client, Cmd, FromRedisValue, IntoConnectionInfo as _, RedisConnectionInfo, TlsCertificates,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use crate::config::{ConfigError, Settings};

/// Longest a request waits for Redis before it goes to the database instead, in milliseconds, unless a setting says otherwise.
const PATIENCE_MS: NonZeroU16 = NonZeroU16::new(250).unwrap();
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long Redis is left alone after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// What Redis needs to be reached.
pub struct CacheSettings {
    /// `ECOTRACK_REDIS_URL`.
    pub url: String,
    /// The file `redis-password` among the secrets; a server of a test has none.
    pub password: Option<SecretString>,
    /// The platform's certificate authority.
    pub ca_file: Option<PathBuf>,
    /// `ECOTRACK_REDIS_PATIENCE_MS`: longest a request waits for Redis before it goes to the database instead.
    pub patience: Duration,
}

impl CacheSettings {
    /// Reads the settings. A `rediss` server wants its password, a plain one has none.
    pub fn load(settings: &Settings) -> Result<Self, ConfigError> {
        let url: String = settings.required("ECOTRACK_REDIS_URL")?;
        let password = if url.starts_with("rediss://") {
            Some(settings.secrets()?.read("redis-password")?)
        } else {
            None
        };
        let patience: NonZeroU16 =
            settings.optional("ECOTRACK_REDIS_PATIENCE_MS")?.unwrap_or(PATIENCE_MS);
        let patience = Duration::from_millis(patience.get().into());
        Ok(Self { url, password, ca_file: settings.ca_file()?, patience })
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
    manager: ConnectionManager,
    patience: Duration,
    paused_until: std::sync::Mutex<Option<Instant>>,
}

impl Connection {
    pub(super) fn lazy(settings: &CacheSettings) -> anyhow::Result<Self> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_response_timeout(Some(settings.patience))
            .set_connection_timeout(Some(CONNECT_TIMEOUT));
        let manager = client(settings)?.get_connection_manager_lazy(config)?;
        Ok(Self { manager, patience: settings.patience, paused_until: std::sync::Mutex::default() })
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
        let mut manager = self.manager.clone();
        let asked = tokio::time::timeout(self.patience, command.query_async(&mut manager));
        let answer = match asked.await {
            Ok(answer) => answer.map_err(Error::Redis),
            Err(_) => Err(Error::TimedOut),
        };
        if let Err(error) = &answer {
            self.pause(error);
        }
        answer
    }

    /// Whether Redis is left alone.
    pub(super) fn is_paused(&self) -> bool {
        let until = self.paused_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn pause(&self, error: &Error) {
        tracing::warn!(
            error = error as &dyn std::error::Error,
            "redis is not usable, going without it"
        );
        let mut until = self.paused_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *until = Some(Instant::now() + PAUSE);
    }
}

fn client(settings: &CacheSettings) -> anyhow::Result<Client> {
    let info = settings
        .url
        .as_str()
        .into_connection_info()
        .context("ECOTRACK_REDIS_URL is not an address of redis")?;
    let info = match &settings.password {
        Some(password) => info.set_redis_settings(
            RedisConnectionInfo::default().set_password(password.expose_secret()),
        ),
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
