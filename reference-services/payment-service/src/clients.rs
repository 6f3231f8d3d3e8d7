//! Whom payment-service asks: order-service what is owed, the providers for the money.

mod orders;
mod paypal;
mod providers;
mod retries;
mod stripe;

pub(crate) use orders::OrderBook;
pub(crate) use providers::{Asker, Providers};
