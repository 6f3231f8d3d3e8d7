//! When a step that did not succeed is tried again, and when it is given up.

use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A step is given up after this many attempts: about three minutes.
const MOST_ATTEMPTS: u32 = 10;

/// How long after sending it is worth asking whether a message arrived.
pub const CONFIRMATION_PAUSE: Duration = Duration::from_millis(500);
/// How long a notification waits for its user to become known.
pub const ADDRESS_PATIENCE: Duration = Duration::from_mins(15);
/// How long a notification waits for a provider that nobody asks: older news is none.
pub const PROVIDER_PATIENCE: Duration = Duration::from_hours(24);

/// What follows an attempt that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another attempt after a pause.
    RetryAfter(Duration),
    /// No further attempt.
    GiveUp,
}

/// What follows so many attempts without success.
#[must_use]
pub fn after(attempts: u32) -> Next {
    if attempts >= MOST_ATTEMPTS { Next::GiveUp } else { Next::RetryAfter(pause(attempts)) }
}

/// The pause after so many attempts. Without jitter: a worker takes a few at a time, which spreads them already.
#[must_use]
pub fn pause(attempts: u32) -> Duration {
    let factor = 2_u32.saturating_pow(attempts.saturating_sub(1));
    FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_come_to_an_end() {
        assert_eq!(after(1), Next::RetryAfter(Duration::from_secs(1)));
        assert_eq!(after(4), Next::RetryAfter(Duration::from_secs(8)));
        assert_eq!(after(9), Next::RetryAfter(LONGEST_PAUSE));
        assert_eq!(after(10), Next::GiveUp);
        assert_eq!(after(u32::MAX), Next::GiveUp);
    }
}
