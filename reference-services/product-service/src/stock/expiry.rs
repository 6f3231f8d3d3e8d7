//! Reservations do not last for ever: a worker gives back the stock of those whose time is long over.
//!
//! order-service gives up unpaid orders in time and says so. This is the net below it, for reservations that nobody ends; it acts
//! late, so that stock is not given away while the news that an order is being paid is still on its way.

use std::time::Duration;

use chrono::TimeDelta;
use ecotrack_chassis::{
    postgres::{self, Database},
    workers::{Progress, Workers},
};

use super::given_back;
use crate::{caches::Caches, store::expiry};

/// How often the worker looks when there was nothing to do.
const INTERVAL: Duration = Duration::from_secs(1);
/// Lines, and tombstones, of one transaction at most.
const BATCH: i64 = 100;
/// How long a tombstone stands: longer than any request for its order can be under way.
const TOMBSTONE_AGE: TimeDelta = TimeDelta::days(1);

/// Ends reservations.
#[derive(Clone)]
pub(crate) struct Expiry {
    database: Database,
    caches: Caches,
    grace: TimeDelta,
}

impl Expiry {
    /// `grace` is how long after its time a reservation is ended.
    pub(crate) fn new(database: Database, caches: Caches, grace: TimeDelta) -> Self {
        Self { database, caches, grace }
    }

    /// Works until the service stops. Any number of replicas may work at once.
    pub(crate) fn start(self, workers: &Workers) {
        workers.repeat("reservation-expiry", INTERVAL, move || {
            let worker = self.clone();
            async move { worker.step().await }
        });
    }

    async fn step(&self) -> anyhow::Result<Progress> {
        let mut transaction = self.database.begin().await?;
        let before = postgres::now() - self.grace;
        let returned = expiry::expire(&mut transaction, before, BATCH).await?;
        let forgotten = expiry::forget_tombstones(&mut transaction, TOMBSTONE_AGE, BATCH).await?;
        let invalidation = self.caches.stock_changed(&given_back(&returned));
        transaction.commit().await?;
        invalidation.await;
        for line in &returned {
            let (product_id, quantity) = (line.product_id, line.quantity);
            tracing::info!(%product_id, quantity, "reservations expired, stock given back");
        }
        let did_nothing = returned.is_empty() && forgotten == 0;
        Ok(if did_nothing { Progress::Idle } else { Progress::Worked })
    }
}
