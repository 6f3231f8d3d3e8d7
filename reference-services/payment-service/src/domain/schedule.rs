//! When a provider is asked again about an outcome that is not known.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// Short enough that a provider that is back is asked, and an order settled, within a minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A request that is still being worked on is left alone this long; then its process is taken for dead.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// A payment that is being opened is left to its request longer: its key is busy for half a minute after its process died, and only
/// then can the request come again and go on.
pub const OPENING_PATIENCE: Duration = Duration::from_mins(1);
/// A charge that the provider has not heard of by then is not begun any more: its goods are not kept for ever. That trusts the
/// lookup to be no older than this; a real provider's search may lag (Stripe's by a minute, that of `PayPal`'s transactions by hours).
/// Money that turns out to be taken all the same goes back, see [`super::payment::Payment::learn`].
const CHARGE_WINDOW: Duration = Duration::from_mins(10);

/// Longer than a request that asks a provider takes: what it began is known there when somebody looks it up after the window.
const REQUEST_TIME: TimeDelta = TimeDelta::seconds(30);

/// Whether a request may still ask for a charge that was first asked for then.
#[must_use]
pub fn may_ask(asked_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    may_charge(asked_at, now + REQUEST_TIME)
}

/// Whether a charge that was asked for then may still be begun.
#[must_use]
pub fn may_charge(asked_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - asked_at).to_std().is_ok_and(|age| age < CHARGE_WINDOW) || now < asked_at
}

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
    fn pauses_double_up_to_a_quarter_of_a_minute() {
        let pauses: Vec<_> = (0..7).map(|attempts| pause(attempts).as_secs()).collect();
        assert_eq!(pauses, [2, 2, 4, 8, 15, 15, 15]);
    }

    #[test]
    fn a_charge_is_begun_within_ten_minutes_or_not_at_all() {
        let (asked_at, window) = (Utc::now(), CHARGE_WINDOW);
        assert!(may_charge(asked_at, asked_at));
        assert!(may_charge(asked_at, asked_at + window - Duration::from_millis(1)));
        assert!(!may_charge(asked_at, asked_at + window));
    }

    #[test]
    fn a_request_asks_so_early_that_nobody_gives_up_meanwhile() {
        let asked_at = Utc::now();
        let end = asked_at + CHARGE_WINDOW - REQUEST_TIME;
        assert!(may_ask(asked_at, end - Duration::from_millis(1)));
        assert!(!may_ask(asked_at, end));
    }

    #[test]
    fn many_attempts_do_not_overflow() {
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
