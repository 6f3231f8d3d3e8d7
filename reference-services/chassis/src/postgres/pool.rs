//! Making a pool: its limits, its TLS, and the proof that its login works.

use std::{io, str::FromStr as _, time::Duration};

use futures::future::join_all;
use secrecy::ExposeSecret as _;
use sqlx::{
    Connection as _, PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

use super::{Credentials, DatabaseSettings};

const MAX_CONNECTIONS: u32 = 20;
const MIN_CONNECTIONS: u32 = 5;
/// Longest wait for a connection: an exhausted pool is a fast refusal, not a queue.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest that opening one may take. It goes to and fro a dozen times, and in a crowd each time waits for its turn among requests:
/// given up as early as those who wait for it give up, it would be begun again and again, and none ever be open.
const OPENING_TIMEOUT: Duration = Duration::from_secs(8);
const IDLE_TIMEOUT: Duration = Duration::from_mins(10);
const MAX_LIFETIME: Duration = Duration::from_mins(30);
/// A connection that was not used for so long is asked whether it still answers before it is used. One that just was, was asked when
/// it was given back: asked for each use again, the server would answer one question more than there are statements. The price:
/// when the server ends connections, a request that takes one within this time fails with it.
const FRESH: Duration = Duration::from_millis(100);
/// Longest wait for the answer whether a connection still does. In place of one that does not another one is opened.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// The same for readiness, which itself has one second for everything.
const READINESS_TIMEOUT: Duration = Duration::from_millis(400);
/// Longest wait for what a connection still had to hear when it was given back: a little longer than the server lets a statement
/// run. Until then it is somebody's place in the pool, and a server that vanished without a word answers nothing.
const RETURN_TIMEOUT: Duration = Duration::from_secs(11);
/// Deadline of a statement, enforced by the server.
const STATEMENT_TIMEOUT: &str = "10s";
/// Longest wait for a lock, well below that: not the statement is slow then, but whoever holds the lock, as a migration does.
const LOCK_TIMEOUT: &str = "5s";
/// A transaction nobody works on is ended by the server, so that it holds no locks.
const IDLE_TRANSACTION_TIMEOUT: &str = "30s";

/// Connects and thereby proves the login: one connection that opens is proof enough. Those the pool keeps are opened at once. One
/// after another, as it does by itself, they are never all open in time in a crowd, and new credentials never come into use.
pub(super) async fn connect(
    settings: &DatabaseSettings,
    login: &Credentials,
) -> Result<PgPool, sqlx::Error> {
    let pool = lazy(options(settings, login)?);
    let opened = join_all((0..MIN_CONNECTIONS).map(|_| pool.acquire())).await;
    match opened.into_iter().reduce(Result::or) {
        Some(Err(refused)) => Err(refused),
        _ => Ok(pool),
    }
}

fn lazy(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .min_connections(MIN_CONNECTIONS)
        .acquire_timeout(OPENING_TIMEOUT)
        .idle_timeout(IDLE_TIMEOUT)
        .max_lifetime(MAX_LIFETIME)
        .test_before_acquire(false)
        .before_acquire(|connection, seen| {
            Box::pin(async move {
                if seen.idle_for >= FRESH {
                    in_time(ANSWER_TIMEOUT, connection.ping()).await?;
                }
                Ok(true)
            })
        })
        .after_release(|connection, _| {
            // Where everything was heard there is nothing to wait for: this asks the server nothing. The pool itself then does,
            // without a limit, but of one that answered just now.
            Box::pin(
                async move { in_time(RETURN_TIMEOUT, connection.flush()).await.map(|()| true) },
            )
        })
        .connect_lazy_with(options)
}

/// Asks whether the database answers, on a free connection or on one more: a pool that is full says nothing about the database.
pub(super) async fn ask(pool: PgPool) -> Result<(), sqlx::Error> {
    if let Some(mut connection) = pool.try_acquire() {
        if in_time(READINESS_TIMEOUT, connection.ping()).await.is_ok() {
            return Ok(());
        }
        connection.close_on_drop();
    }
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    connection.ping().await?;
    connection.close().await
}

/// A connection nobody has looked at, once it has answered.
pub(super) async fn checked(
    mut connection: PoolConnection<Postgres>,
) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    match in_time(ANSWER_TIMEOUT, connection.ping()).await {
        Ok(()) => Ok(connection),
        Err(error) => {
            connection.close_on_drop();
            Err(error)
        }
    }
}

/// What the server says, unless it takes too long: then that is an error as if the connection had broken.
pub(super) async fn in_time<T>(
    longest: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let late = || sqlx::Error::from(io::Error::from(io::ErrorKind::TimedOut));
    timeout(longest, answer).await.unwrap_or_else(|_| Err(late()))
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
            ("lock_timeout", LOCK_TIMEOUT),
            ("idle_in_transaction_session_timeout", IDLE_TRANSACTION_TIMEOUT),
        ]);
    Ok(match &settings.ca_file {
        Some(file) => options.ssl_root_cert(file),
        None => options,
    })
}
