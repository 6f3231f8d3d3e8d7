//! What can be done with payments: each use case decides with the domain and makes state and event one transaction.
//!
//! The provider is asked between transactions, always under a key that follows from the payment's id. Whoever asks again,
//! a repeated request or [`reconcile`], asks the same question, so the money moves once.

mod pay;
mod reconcile;
mod refund;
mod settle;

use ecotrack_chassis::outbox::Outbox;
use ecotrack_chassis::postgres::Database;

use crate::clients::{OrderBook, Providers};
use crate::metrics::PaymentMetrics;

pub(crate) use pay::{Offer, Paid};

/// The use cases, with all they need.
#[derive(Clone)]
pub(crate) struct Payments {
    database: Database,
    outbox: Outbox,
    orders: OrderBook,
    providers: Providers,
    metrics: PaymentMetrics,
}

impl Payments {
    /// Puts the use cases together.
    pub(crate) const fn new(
        database: Database,
        outbox: Outbox,
        orders: OrderBook,
        providers: Providers,
        metrics: PaymentMetrics,
    ) -> Self {
        Self { database, outbox, orders, providers, metrics }
    }

    /// The database, for plain reads.
    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }
}
