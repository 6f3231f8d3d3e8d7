//! What becomes of an order decides what becomes of its reservation.

use std::{
    collections::HashMap,
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

/// What the outcome of an order did.
#[derive(Default)]
pub(crate) struct Effect {
    changes: Vec<StockChange>,
    /// The order is paid, and not all it needs is there.
    is_without_stock: bool,
}

impl OrderOutcomes {
    pub(crate) fn new(changes: LateChanges, without_stock: Counter) -> Self {
        Self { changes, without_stock }
    }
}

async fn release(
    connection: &mut PgConnection,
    order_id: Uuid,
) -> Result<Vec<StockChange>, sqlx::Error> {
    let returned = reservations::release(connection, order_id).await?;
    tracing::info!(%order_id, products = returned.len(), "stock released");
    Ok(given_back(&returned))
}

/// An order that is paid after its time gets its stock again, as far as there is any. Says whether there was not enough.
async fn take_again(
    connection: &mut PgConnection,
    order_id: Uuid,
) -> Result<(Vec<StockChange>, bool), sqlx::Error> {
    let (mut taken, mut lacks) = (Vec::new(), false);
    for product_id in expiry::lock_expired(connection, order_id).await? {
        if let Some(line) = expiry::take_again(connection, order_id, product_id).await? {
            taken.push(line);
        } else {
            lacks = true;
            tracing::warn!(%order_id, %product_id, "paid after its reservation ended, and there is not enough left");
        }
    }
    Ok((given_back(&taken), lacks))
}

impl Handler for OrderOutcomes {
    type Effect = Effect;

    async fn handle(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> Result<Effect, HandlerError> {
        let order_id = event.event.key();
        let outcome = outcome(&event.event);
        if outcome == Outcome::Open {
            return Ok(Effect::default());
        }
        reservations::lock_order(transaction, order_id).await?;
        if outcome == Outcome::Cancelled {
            let changes = release(transaction, order_id).await?;
            return Ok(Effect { changes, is_without_stock: false });
        }
        let (changes, lacks) = take_again(transaction, order_id).await?;
        if outcome == Outcome::BeingPaid {
            let lines = reservations::keep(transaction, order_id).await?;
            tracing::info!(%order_id, lines, "stock kept until the payment's outcome");
        } else {
            let lines = reservations::sell(transaction, order_id).await?;
            tracing::info!(%order_id, lines, "stock sold");
        }
        Ok(Effect { changes, is_without_stock: lacks && outcome == Outcome::Completed })
    }

    fn committed(&self, effects: Vec<Effect>) {
        for _ in effects.iter().filter(|effect| effect.is_without_stock) {
            self.without_stock.inc();
        }
        self.changes.tell(effects.into_iter().flat_map(|effect| effect.changes));
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

/// Changes of the stock that are committed and that the caches have not heard of yet: the consumer does not wait for Redis. Of
/// each product one waits, the one that tells most.
#[derive(Clone, Default)]
pub(crate) struct LateChanges(Arc<Shared>);

#[derive(Default)]
struct Shared {
    pending: Mutex<HashMap<Uuid, StockChange>>,
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

    fn tell(&self, changes: impl Iterator<Item = StockChange>) {
        let mut pending = self.0.pending.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            let waiting = pending.entry(change.product_id).or_insert(change);
            if change.ends_or_begins() {
                *waiting = change;
            }
        }
        self.0.committed.notify_one();
    }

    fn take(&self) -> Vec<StockChange> {
        let mut pending = self.0.pending.lock().unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut *pending).into_values().collect()
    }
}
