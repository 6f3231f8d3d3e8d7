//! What can be done with payments: each use case decides with the domain and makes state and event one transaction.
//!
//! A payment is written down before order-service opens it, and the order waits for it from then on.
//!
//! The provider is asked between transactions, always under a key that follows from the id of payment or refund. Whoever asks
//! again, a repeated request or the reconciler, asks the same question, so the money moves once. Webhooks are a second way
//! to the same knowledge: whoever learns first writes it down, the other finds it written.

mod learn;
mod open;
mod pay;
mod reconcile;
mod refund;
mod settle;

use ecotrack_chassis::ApiResult;
use ecotrack_chassis::idempotency::{self, Claimed};
use ecotrack_chassis::outbox::Outbox;
use ecotrack_chassis::postgres::Database;

use crate::clients::{OrderBook, Providers};
use crate::metrics::PaymentMetrics;

pub(crate) use learn::Learned;
pub(crate) use pay::{Answered, Offer};

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

    /// Claims the key of a request.
    async fn claim(&self, request: &idempotency::Request<'_>) -> ApiResult<Claimed> {
        let mut tx = self.database.begin().await?;
        let claimed = idempotency::claim(&mut tx, request).await?;
        tx.commit().await?;
        Ok(claimed)
    }
}
