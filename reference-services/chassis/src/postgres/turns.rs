//! Asking for a connection, to the end: what was begun is finished, also when whoever asked is gone.
//!
//! A pool lets go of what is no longer waited for: a connection that is being opened is thrown away. In a crowd, all are opened at
//! once and each so slowly that nobody waits until the end, again and again. So the pool is asked by tasks of their own, a few at a
//! time, and it is only the waiting that ends after [`ACQUIRE_TIMEOUT`]: what was begun has longer.

use std::{io, sync::Arc};

use futures::{FutureExt as _, future::BoxFuture};
use tokio::{sync::Semaphore, time::timeout};

use super::pool::ACQUIRE_TIMEOUT;

/// Who ask the pool at once, and so open connections at once. Where one is free it is had at once, and the turn is over.
const AT_ONCE: usize = 4;

/// Turns at asking the pool, in the order in which they are wanted.
pub(super) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Turns {
    /// Waits for a turn, and for what it brings: for [`ACQUIRE_TIMEOUT`] altogether.
    pub(super) async fn take<T: Send + 'static>(
        &self,
        ask: impl Future<Output = Result<T, sqlx::Error>> + Send + 'static,
    ) -> Result<T, sqlx::Error> {
        let asked = self.take_boxed(Box::pin(ask));
        timeout(ACQUIRE_TIMEOUT, asked).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    async fn take_boxed<T: Send + 'static>(
        &self,
        mut ask: BoxFuture<'static, Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let turn = Arc::clone(&self.0).acquire_owned().await;
        // A connection that lies ready needs no task.
        if let Some(answer) = (&mut ask).now_or_never() {
            return answer;
        }
        let asking = tokio::spawn(async move {
            let answer = ask.await;
            drop(turn);
            answer
        });
        asking.await.unwrap_or_else(|ended| Err(io::Error::other(ended).into()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_was_begun_is_finished_when_nobody_waits_for_it_any_more() {
        let (turns, (open, opened), (done, heard)) =
            (Turns::default(), oneshot::channel(), oneshot::channel());
        let asked = turns.take(async {
            opened.await.ok();
            done.send(()).ok();
            Ok(())
        });
        assert!(asked.now_or_never().is_none());
        open.send(()).unwrap();
        heard.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_gets_no_turn_is_refused_and_never_asks() {
        let turns = Turns::default();
        for _ in 0..AT_ONCE {
            assert!(turns.take(std::future::pending::<Result<(), _>>()).now_or_never().is_none());
        }
        let late = turns.take(async { Ok(()) }).await;
        assert!(matches!(late, Err(sqlx::Error::PoolTimedOut)), "{late:?}");
    }
}
