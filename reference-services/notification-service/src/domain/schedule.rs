//! When a step that did not succeed is tried again, and when it is given up: by age, since an outage costs many attempts.

use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest pause between two questions whether a message arrived: mostly its provider reports it.
const LONGEST_CONFIRMATION_PAUSE: Duration = Duration::from_mins(5);

/// How long after sending it is worth asking whether a message arrived.
pub const CONFIRMATION_PAUSE: Duration = Duration::from_millis(500);
/// How long a notification waits for its user to become known.
pub const ADDRESS_PATIENCE: Duration = Duration::from_mins(15);
/// How long a notification waits for a provider that does not take it: older news is none.
pub const PROVIDER_PATIENCE: Duration = Duration::from_hours(24);
/// How long after sending it is asked whether a message arrived.
pub const CONFIRMATION_PATIENCE: Duration = Duration::from_hours(24);

/// The pause after so many attempts. Without jitter: a worker takes a few at a time, which spreads them already.
#[must_use]
pub fn pause(attempts: u32) -> Duration {
    growing(attempts).min(LONGEST_PAUSE)
}

/// The pause after so many questions whether a message arrived.
#[must_use]
pub fn confirmation_pause(attempts: u32) -> Duration {
    growing(attempts).min(LONGEST_CONFIRMATION_PAUSE)
}

fn growing(attempts: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_longest_one() {
        assert_eq!(pause(1), Duration::from_secs(1));
        assert_eq!(pause(4), Duration::from_secs(8));
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
        assert_eq!(confirmation_pause(4), Duration::from_secs(8));
        assert_eq!(confirmation_pause(u32::MAX), LONGEST_CONFIRMATION_PAUSE);
    }
}
