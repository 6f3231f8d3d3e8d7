//! What becomes of an order decides what becomes of its reservation.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use ecotrack_chassis::{
    inbox::{Handler, HandlerError},
    metrics::Counter,
    workers::Workers,
};
use ecotrack_events::{Envelope, Event};
use sqlx::{PgConnection, Postgres, Transaction};
use tokio::sync::Notify;
use uuid::Uuid;

use super::given_back;
use crate::{
    caches::{Caches, StockChange},
    store::{expiry, reservations},
};

/// Status of an order whose payment is under way.
const PAYMENT_PENDING: &str = "payment_pending";

/// Keeps the stock of orders that are being paid, releases that of cancelled ones and books that of completed ones.
pub(crate) struct OrderOutcomes {
    changes: LateChanges,
    /// Orders that are paid and cannot be delivered.
    without_stock: Counter,
}

impl OrderOutcomes {
    pub(crate) fn new(changes: LateChanges, without_stock: Counter) -> Self {
        Self { changes, without_stock }
    }

    async fn release(
        &self,
        connection: &mut PgConnection,
        order_id: Uuid,
    ) -> Result<(), sqlx::Error> {
        let returned = reservations::release(connection, order_id).await?;
        tracing::info!(%order_id, products = returned.len(), "stock released");
        self.changes.add(given_back(&returned));
        Ok(())
    }

    /// An order that is paid after its time gets its stock again, as far as there is any. Says whether there was not enough.
    async fn take_again(
        &self,
        connection: &mut PgConnection,
        order_id: Uuid,
    ) -> Result<bool, sqlx::Error> {
        let mut lacks = false;
        for product_id in expiry::lock_expired(connection, order_id).await? {
            let taken = expiry::take_again(connection, order_id, product_id).await?;
            if taken.is_none() {
                lacks = true;
                tracing::warn!(%order_id, %product_id, "paid after its reservation ended, and there is not enough left");
            }
            self.changes.add(given_back(taken.as_slice()));
        }
        Ok(lacks)
    }
}

impl Handler for OrderOutcomes {
    async fn handle(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> Result<(), HandlerError> {
        let order_id = event.event.key();
        let outcome = outcome(&event.event);
        if outcome != Outcome::Open {
            reservations::lock_order(transaction, order_id).await?;
        }
        match outcome {
            Outcome::Cancelled => self.release(transaction, order_id).await?,
            Outcome::BeingPaid => {
                self.take_again(transaction, order_id).await?;
                let lines = reservations::keep(transaction, order_id).await?;
                tracing::info!(%order_id, lines, "stock kept until the payment's outcome");
            }
            Outcome::Completed => {
                if self.take_again(transaction, order_id).await? {
                    self.without_stock.inc();
                }
                let lines = reservations::sell(transaction, order_id).await?;
                tracing::info!(%order_id, lines, "stock sold");
            }
            Outcome::Open => {}
        }
        Ok(())
    }

    fn committed(&self) {
        self.changes.tell();
    }
}

/// What an event says about a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Open,
    BeingPaid,
    Completed,
    Cancelled,
}

fn outcome(event: &Event) -> Outcome {
    if let Event::OrderCancelled(_) = event {
        Outcome::Cancelled
    } else if let Event::OrderCompleted(_) = event {
        Outcome::Completed
    } else if let Event::OrderUpdated(updated) = event
        && updated.status == PAYMENT_PENDING
    {
        Outcome::BeingPaid
    } else {
        Outcome::Open
    }
}

/// Changes of the stock that the caches hear of once they are committed.
#[derive(Clone, Default)]
pub(crate) struct LateChanges(Arc<Shared>);

#[derive(Default)]
struct Shared {
    // Of events that failed halfway some stay here until the next commit: a cache that is emptied too often is still right.
    pending: Mutex<Vec<StockChange>>,
    committed: Notify,
}

impl LateChanges {
    /// Starts telling the caches.
    pub(crate) fn start(&self, caches: Caches, workers: &Workers) {
        let changes = self.clone();
        workers.spawn("stock-caches", |stop| async move {
            while stop.run_until_cancelled(changes.0.committed.notified()).await.is_some() {
                caches.stock_changed(&changes.take()).await;
            }
            caches.stock_changed(&changes.take()).await;
            Ok(())
        });
    }

    fn add(&self, changes: Vec<StockChange>) {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner).extend(changes);
    }

    fn take(&self) -> Vec<StockChange> {
        mem::take(&mut *self.0.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self) {
        self.0.committed.notify_one();
    }
}
