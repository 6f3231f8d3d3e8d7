//! The tables, in small functions that take a connection.

pub(crate) mod categories;
pub(crate) mod expiry;
pub(crate) mod images;
pub(crate) mod products;
pub(crate) mod reservations;
mod rows;
pub(crate) mod search;
pub(crate) mod suggestions;

use ecotrack_events::{Currency, Money};

/// Money as two columns hold it.
fn money(amount_minor: i64, currency: &str) -> Result<Money, sqlx::Error> {
    let currency =
        Currency::parse(currency).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(Money::from_minor(amount_minor, currency))
}
