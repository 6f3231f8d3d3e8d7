//! Asking for a connection, to the end: what was begun is finished, also when whoever asked is gone.
//!
//! A pool lets go of what is no longer waited for: a connection that is being opened is thrown away. In a crowd, all are opened at
//! once and each so slowly that nobody waits until the end, again and again. So the pool is asked by tasks of their own, a few at a
//! time, and it is only the waiting that ends after [`ACQUIRE_TIMEOUT`]: what was begun has longer.
//!
//! Where none can be opened all turns are taken, for as long as that is tried. What others give back meanwhile is had without one: it
//! is picked up where it lies, and nobody begins to open another because somebody was faster.

use std::{io, pin::pin, sync::Arc, time::Duration};

use futures::{FutureExt as _, future::BoxFuture};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{interval, timeout},
};

use super::pool::ACQUIRE_TIMEOUT;

/// Who ask the pool at once, and so open connections at once. Where one is free it is had at once, and the turn is over.
const AT_ONCE: usize = 4;
/// How often who waits for a turn looks whether a connection was given back.
const LOOK: Duration = Duration::from_millis(50);

/// Turns at asking the pool, in the order in which they are wanted.
pub(super) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Turns {
    /// Waits for a turn and for what asking brings, or until something can be picked up: for [`ACQUIRE_TIMEOUT`] altogether.
    pub(super) async fn take<T: Send + 'static>(
        &self,
        pick_up: impl Fn() -> Option<T> + Send,
        ask: impl Future<Output = Result<T, sqlx::Error>> + Send + 'static,
    ) -> Result<Taken<T>, sqlx::Error> {
        let taken = self.take_boxed(pick_up, Box::pin(ask));
        timeout(ACQUIRE_TIMEOUT, taken).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    async fn take_boxed<T: Send + 'static>(
        &self,
        pick_up: impl Fn() -> Option<T> + Send,
        ask: BoxFuture<'static, Result<T, sqlx::Error>>,
    ) -> Result<Taken<T>, sqlx::Error> {
        match self.turn(pick_up).await {
            Ok(turn) => to_the_end(turn, ask).await.map(Taken::Asked),
            Err(found) => Ok(Taken::PickedUp(found)),
        }
    }

    /// A turn, or what was picked up before it was one's turn.
    async fn turn<T>(
        &self,
        pick_up: impl Fn() -> Option<T> + Send,
    ) -> Result<Option<OwnedSemaphorePermit>, T> {
        let mut turn = pin!(Arc::clone(&self.0).acquire_owned());
        let mut looks = interval(LOOK);
        loop {
            tokio::select! {
                biased;
                turn = &mut turn => return Ok(turn.ok()),
                _ = looks.tick() => if let Some(found) = pick_up() { return Err(found) },
            }
        }
    }
}

/// What was had, and how.
pub(super) enum Taken<T> {
    /// The pool was asked, and has seen to it.
    Asked(T),
    /// It lay there, and nobody has looked at it.
    PickedUp(T),
}

async fn to_the_end<T: Send + 'static>(
    turn: Option<OwnedSemaphorePermit>,
    mut ask: BoxFuture<'static, Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
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

#[cfg(test)]
mod tests {
    use tokio::{sync::oneshot, time::Instant};

    use super::*;

    /// Turns that are all taken by who will not be done.
    fn all_taken() -> Turns {
        let turns = Turns::default();
        for _ in 0..AT_ONCE {
            let ask = std::future::pending::<Result<(), _>>();
            assert!(turns.take(|| None, ask).now_or_never().is_none());
        }
        turns
    }

    #[tokio::test]
    async fn what_was_begun_is_finished_when_nobody_waits_for_it_any_more() {
        let (turns, (open, opened), (done, heard)) =
            (Turns::default(), oneshot::channel(), oneshot::channel());
        let asked = turns.take(|| None, async {
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
        let turns = all_taken();
        let late = turns.take(|| None, async { Ok(()) }).await;
        assert!(matches!(late, Err(sqlx::Error::PoolTimedOut)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_back_is_had_without_a_turn() {
        let turns = all_taken();
        let given_back = Instant::now() + ACQUIRE_TIMEOUT / 2;
        let pick_up = || (Instant::now() >= given_back).then_some("given back");
        let taken = turns.take(pick_up, async { Ok("opened") }).await;
        assert!(matches!(taken, Ok(Taken::PickedUp("given back"))));
    }
}
