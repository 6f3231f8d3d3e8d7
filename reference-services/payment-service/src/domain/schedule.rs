//! When a provider is asked again about an outcome that is not known.

use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A request that is still being worked on is left alone this long; then its process is taken for dead.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The pause after so many unanswered attempts: doubling, and never so long that an order stays open for a minute.
#[must_use]
pub fn pause(attempts: u32) -> Duration {
    let factor = 2_u32.saturating_pow(attempts.saturating_sub(1));
    FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute() {
        let pauses: Vec<_> = (0..7).map(|attempts| pause(attempts).as_secs()).collect();
        assert_eq!(pauses, [2, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn many_attempts_do_not_overflow() {
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
