//! Making a pool: its limits, its TLS, and the proof that its login works.

use std::{str::FromStr as _, time::Duration};

use secrecy::ExposeSecret as _;
use sqlx::{
    Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{Credentials, DatabaseSettings};

const MAX_CONNECTIONS: u32 = 20;
const MIN_CONNECTIONS: u32 = 5;
/// Longest wait for a free connection: an exhausted pool is a fast refusal, not a queue.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
const IDLE_TIMEOUT: Duration = Duration::from_mins(10);
const MAX_LIFETIME: Duration = Duration::from_mins(30);
/// A connection that was not used for so long is asked whether it still answers before it is used. One that just was, was asked when
/// it was given back: asked for each use again, the server would answer one question more than there are statements. The price:
/// when the server ends connections, a request that takes one within this time fails with it.
const FRESH: Duration = Duration::from_millis(100);
/// Deadline of a statement, enforced by the server.
const STATEMENT_TIMEOUT: &str = "10s";
/// A transaction nobody works on is ended by the server, so that it holds no locks.
const IDLE_TRANSACTION_TIMEOUT: &str = "30s";

/// Connects and thereby proves the login.
pub(super) async fn connect(
    settings: &DatabaseSettings,
    login: &Credentials,
) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .min_connections(MIN_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(IDLE_TIMEOUT)
        .max_lifetime(MAX_LIFETIME)
        .test_before_acquire(false)
        .before_acquire(|connection, seen| {
            Box::pin(async move {
                if seen.idle_for >= FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options(settings, login)?)
        .await
}

/// Asks whether the database answers, on a free connection or on one more: a pool that is full says nothing about the database.
pub(super) async fn ask(pool: PgPool) -> Result<(), sqlx::Error> {
    if let Some(mut connection) = pool.try_acquire()
        && connection.ping().await.is_ok()
    {
        return Ok(());
    }
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    connection.ping().await?;
    connection.close().await
}

fn options(
    settings: &DatabaseSettings,
    login: &Credentials,
) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(settings.url.as_str())?
        .username(&login.username)
        .password(login.password.expose_secret())
        .application_name(settings.application)
        .options([
            ("search_path", settings.schema.as_str()),
            ("statement_timeout", STATEMENT_TIMEOUT),
            ("idle_in_transaction_session_timeout", IDLE_TRANSACTION_TIMEOUT),
        ]);
    Ok(match &settings.ca_file {
        Some(file) => options.ssl_root_cert(file),
        None => options,
    })
}
