//! Sales regions.

use ecotrack_events::Currency;

/// The region an order is counted in: where its currency is at home.
#[must_use]
pub const fn of(currency: Currency) -> &'static str {
    match currency {
        Currency::Eur => "eu",
        Currency::Usd => "us",
        Currency::Gbp => "uk",
    }
}
