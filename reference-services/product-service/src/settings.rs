//! What the service lets its operator decide.

use chrono::TimeDelta;
use ecotrack_chassis::config::{ConfigError, Settings};

/// How long stock is held for an order that is not paid, in seconds, unless `ECOTRACK_RESERVATION_SECONDS` says otherwise.
const HOLD_SECONDS: u32 = 15 * 60;
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
        let seconds = |key, default: u32| {
            settings
                .optional::<u32>(key)
                .map(|given| TimeDelta::seconds(given.unwrap_or(default).into()))
        };
        Ok(Self {
            hold: seconds("ECOTRACK_RESERVATION_SECONDS", HOLD_SECONDS)?,
            grace: seconds("ECOTRACK_RESERVATION_GRACE_SECONDS", GRACE_SECONDS)?,
        })
    }
}
