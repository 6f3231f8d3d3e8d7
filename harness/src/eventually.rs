//! The only place that waits.
//!
//! A condition answers with a value, with why it does not hold yet, or with why it never will. Polling starts
//! fast and slows down to [`SLOWEST_POLL`]; deadlines are generous, because a wait ends as soon as it may.
//! Waiting for a condition is the second choice: where the answer of a call already proves the state, use that.
#![expect(clippy::disallowed_methods, reason = "this module is the one place where time passes")]

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

/// The pause after the first try.
pub const FASTEST_POLL: Duration = Duration::from_millis(50);
/// The longest pause between two tries.
pub const SLOWEST_POLL: Duration = Duration::from_secs(1);
/// Good looks in a row after which [`converge`] takes an answer for settled.
pub const SETTLED_LOOKS: u32 = 3;

/// Why a condition does not hold.
#[derive(Debug)]
pub enum Unmet {
    /// Not now; another try may succeed. Says what was seen instead, or why nobody answered.
    NotYet(anyhow::Error),
    /// Never; waiting on is pointless.
    Failed(anyhow::Error),
}

/// What a condition answers.
pub type Observed<T> = Result<T, Unmet>;

impl Unmet {
    /// Not now, because of what was seen.
    pub fn not_yet(seen: impl fmt::Display) -> Self {
        Self::NotYet(anyhow::Error::msg(seen.to_string()))
    }

    /// Never, because of `cause`.
    pub fn failed(cause: impl Into<anyhow::Error>) -> Self {
        Self::Failed(cause.into())
    }
}

/// An error while asking is "not yet": the next try may get an answer. The last error stays visible and keeps its type,
/// so that whoever judges the wait can tell a platform that did wrong from an observer that did not answer.
impl<E: Into<anyhow::Error>> From<E> for Unmet {
    fn from(error: E) -> Self {
        Self::NotYet(error.into())
    }
}

/// How a wait ended without its condition.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The deadline passed.
    #[error("expected {what} within {}, last seen after {tries} tries", Seconds(*elapsed))]
    TimedOut {
        /// What was waited for.
        what: String,
        /// Time spent.
        elapsed: Duration,
        /// How often the condition was asked.
        tries: u32,
        /// The last reason why not.
        source: anyhow::Error,
    },
    /// The condition said that it can never hold.
    #[error("expected {what}, which became impossible after {} and {tries} tries", Seconds(*elapsed))]
    Failed {
        /// What was waited for.
        what: String,
        /// Time spent.
        elapsed: Duration,
        /// How often the condition was asked.
        tries: u32,
        /// Why it can never hold.
        source: anyhow::Error,
    },
}

struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.1} s", self.0.as_secs_f64())
    }
}

/// Asks until the condition holds, at most `within`; answers with its value.
pub async fn eventually<T, C, F>(what: &str, within: Duration, condition: C) -> Result<T, WaitError>
where
    C: FnMut() -> F,
    F: Future<Output = Observed<T>>,
{
    until(Wait::start(what, within), 1, Duration::ZERO, condition).await
}

/// Asks until the condition holds at [`SETTLED_LOOKS`] looks in a row that are spread over `settled`, at most `within` in all;
/// answers with the last value.
///
/// For what has to be true of everything, or of nothing more: a first good look may come before what would spoil it.
pub async fn converge<T, C, F>(
    what: &str,
    within: Duration,
    settled: Duration,
    condition: C,
) -> Result<T, WaitError>
where
    C: FnMut() -> F,
    F: Future<Output = Observed<T>>,
{
    let apart = settled / (SETTLED_LOOKS - 1);
    until(Wait::start(what, within), SETTLED_LOOKS, apart, condition).await
}

/// Asks until the condition holds `looks` times in a row, `apart` from each other.
async fn until<T, C, F>(
    mut wait: Wait,
    looks: u32,
    apart: Duration,
    mut condition: C,
) -> Result<T, WaitError>
where
    C: FnMut() -> F,
    F: Future<Output = Observed<T>>,
{
    let mut good = 0;
    loop {
        let goes_on = match wait.ask(condition()).await {
            Some(Ok(value)) if good + 1 >= looks => return Ok(value),
            Some(Ok(_early)) => {
                good += 1;
                wait.last = anyhow::anyhow!("it held at {good} of {looks} looks in a row");
                wait.rest(apart).await
            }
            Some(Err(Unmet::NotYet(reason))) => {
                good = 0;
                wait.last = reason;
                wait.pause().await
            }
            Some(Err(Unmet::Failed(source))) => return Err(wait.failed(source)),
            None => false,
        };
        if !goes_on {
            return Err(wait.timed_out());
        }
    }
}

/// Asks once, and waits at most `limit` for the answer; none when it did not come.
pub async fn within<T>(limit: Duration, question: impl Future<Output = T>) -> Option<T> {
    timeout(limit, question).await.ok()
}

/// Does something now and again every `period`, until the future is dropped.
pub async fn every<A, F>(period: Duration, mut action: A)
where
    A: FnMut() -> F,
    F: Future<Output = ()>,
{
    loop {
        action().await;
        sleep(period).await;
    }
}

struct Wait {
    what: String,
    started: Instant,
    deadline: Instant,
    pause: Duration,
    tries: u32,
    last: anyhow::Error,
}

impl Wait {
    fn start(what: &str, within: Duration) -> Self {
        let started = Instant::now();
        Self {
            what: what.to_owned(),
            started,
            deadline: started + within,
            pause: FASTEST_POLL,
            tries: 0,
            last: anyhow::anyhow!("no answer at all"),
        }
    }

    /// None when time ran out during the question: what was seen before says more than that.
    async fn ask<T>(&mut self, question: impl Future<Output = Observed<T>>) -> Option<Observed<T>> {
        self.tries += 1;
        timeout_at(self.deadline, question).await.ok()
    }

    /// The whole of the time between two good looks; false when not that much is left.
    async fn rest(&self, apart: Duration) -> bool {
        if Instant::now() + apart > self.deadline {
            return false;
        }
        sleep(apart).await;
        true
    }

    /// A pause after a vain try, longer each time; false when no time is left.
    async fn pause(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        sleep(self.pause.min(left)).await;
        self.pause = self.pause.mul_f32(1.5).min(SLOWEST_POLL);
        true
    }

    fn timed_out(self) -> WaitError {
        WaitError::TimedOut {
            elapsed: self.started.elapsed(),
            what: self.what,
            tries: self.tries,
            source: self.last,
        }
    }

    fn failed(self, source: anyhow::Error) -> WaitError {
        WaitError::Failed {
            elapsed: self.started.elapsed(),
            what: self.what,
            tries: self.tries,
            source,
        }
    }
}

#[cfg(test)]
mod tests;
