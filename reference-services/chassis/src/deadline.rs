//! How much time there is: a caller says how long it will wait, and nobody works for longer than that.
//!
//! The header `x-request-timeout-ms` carries what is left of the caller's own time in whole milliseconds. The server takes it as the
//! request's limit if that is shorter than its own; a client sends what is left when it calls. Unlike an absolute time it
//! needs no clocks that agree.

use std::time::Duration;

use axum::http::HeaderMap;

use crate::context;

/// Header with the time the caller will still wait, in milliseconds.
pub const HEADER: &str = "x-request-timeout-ms";

/// What the caller says. What is not a number says nothing: a limit of our own applies anyway.
pub(crate) fn read(headers: &HeaderMap) -> Option<Duration> {
    headers.get(HEADER)?.to_str().ok()?.parse().ok().map(Duration::from_millis)
}

/// Time for one call: what the work at hand has left, at most `longest`. `None` when it has none left.
#[must_use]
pub fn for_call(longest: Duration) -> Option<Duration> {
    let left = context::current().and_then(|work| work.time_left());
    Some(left.map_or(longest, |left| left.min(longest))).filter(|time| !time.is_zero())
}

/// A pause, if the work at hand has the time for it.
pub(crate) fn for_pause(pause: Duration) -> Option<Duration> {
    let left = context::current().and_then(|work| work.time_left());
    left.is_none_or(|left| left > pause).then_some(pause)
}

/// Longest that a worker waits for a step of its own. A server that vanished without a word answers nothing, and the network gives
/// it up only after a quarter of an hour.
const STEP: Duration = Duration::from_mins(2);

/// A step that did not end in time.
#[derive(Debug, thiserror::Error)]
#[error("not done within {STEP:?}; what it began is undone")]
pub(crate) struct TooLong;

/// A worker's step, which must be safe to drop: what it did not commit is rolled back.
pub(crate) async fn of_step<T, E: From<TooLong>>(
    step: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::time::timeout(STEP, Box::pin(step)).await.unwrap_or_else(|_| Err(TooLong.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_of_milliseconds_says_nothing() {
        for text in ["", "-1", "1.5", "soon", "99999999999999999999"] {
            let headers = HeaderMap::from_iter([(HEADER.parse().unwrap(), text.parse().unwrap())]);
            assert_eq!(read(&headers), None, "{text:?}");
        }
    }
}
