//! What the service lets its operator decide.

use chrono::TimeDelta;
use ecotrack_chassis::config::{ConfigError, Settings};

/// The variable that says how long stock is held for an order that is not paid, in seconds.
const HOLD: &str = "ECOTRACK_RESERVATION_SECONDS";
/// How long that is unless the variable says otherwise.
const HOLD_SECONDS: u32 = 15 * 60;
/// Shortest time that stock can be held, in seconds: orders can be paid until a minute before its end, and somebody has to do it.
const LEAST_HOLD_SECONDS: u32 = 120;
/// How long after that the stock comes back by itself, in seconds, unless `ECOTRACK_RESERVATION_GRACE_SECONDS` says otherwise.
const GRACE_SECONDS: u32 = 60 * 60;

/// How long reservations last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReservationTimes {
    /// What orders are told.
    pub(crate) hold: TimeDelta,
    /// How much later stock that nobody released is taken back.
    pub(crate) grace: TimeDelta,
}

impl ReservationTimes {
    pub(crate) fn load(settings: &Settings) -> Result<Self, ConfigError> {
        let seconds =
            |key, default: u32| settings.optional::<u32>(key).map(|given| given.unwrap_or(default));
        let hold = seconds(HOLD, HOLD_SECONDS)?;
        if hold < LEAST_HOLD_SECONDS {
            let reason = format!("less than {LEAST_HOLD_SECONDS}");
            return Err(ConfigError::Invalid { key: HOLD.to_owned(), reason });
        }
        let grace = seconds("ECOTRACK_RESERVATION_GRACE_SECONDS", GRACE_SECONDS)?;
        Ok(Self { hold: TimeDelta::seconds(hold.into()), grace: TimeDelta::seconds(grace.into()) })
    }
}
