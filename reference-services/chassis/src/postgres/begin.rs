//! Beginning a transaction, to the end or to the end of its connection.
//!
//! A `BEGIN` whose answer nobody waits for is forgotten (sqlx issue 4393): what the next one writes on that connection is part of a
//! transaction that nobody commits. So it is waited for by a task of its own, also when whoever wanted it is gone. Where no
//! answer comes, as from a server that vanished without a word, the connection is closed and never given back.

use std::{io, time::Duration};

use futures::future::BoxFuture;
use sqlx::{Postgres, Transaction, pool::PoolConnection};
use tokio::runtime;

use super::pool::in_time;

/// Longest wait for the answer: the server has nothing to do for it, and we may have much to do in between.
const LIMIT: Duration = Duration::from_secs(3);

type Beginning = BoxFuture<'static, Result<Transaction<'static, Postgres>, sqlx::Error>>;

/// Begins a transaction on a connection of the pool.
pub(super) async fn on(
    connection: PoolConnection<Postgres>,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut beginning: Beginning = Transaction::begin(connection, None);
    let begun = tokio::spawn(async move {
        let answer = in_time(LIMIT, &mut beginning).await;
        if answer.is_err() {
            close(beginning)?;
        }
        answer
    });
    begun.await.unwrap_or_else(|ended| Err(io::Error::other(ended).into()))
}

/// Closes the connection of a transaction that did not begin. The connection is out of reach in there, and when it is dropped a task
/// gives it back to the pool. So it is dropped where no task ever runs: then the pool counts it out, and its socket is closed.
fn close(beginning: Beginning) -> io::Result<()> {
    let nowhere = runtime::Builder::new_current_thread().build()?;
    let inside = nowhere.enter();
    drop(beginning);
    drop(inside);
    nowhere.shutdown_background();
    Ok(())
}
