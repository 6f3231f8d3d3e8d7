//! Orders nobody pays: given up when the time their stock is held for is over.

use anyhow::Context as _;
use ecotrack_chassis::postgres;
use ecotrack_chassis::workers::Progress;
use sqlx::PgConnection;

use super::Orders;
use super::transition::{AdvanceError, advance};
use crate::domain::change::{CancelReason, Change};
use crate::domain::order::Order;
use crate::store;

/// Orders of one step: a short transaction, so that nobody waits long for a lock it holds.
const BATCH: i64 = 50;

impl Orders {
    /// Cancels a batch of orders that were not paid in time. Replicas share the work: a locked order is somebody else's.
    pub(crate) async fn expire_some(&self) -> anyhow::Result<Progress> {
        let now = postgres::now();
        let mut tx =
            self.database.begin().await.context("no connection to look for unpaid orders")?;
        let mut unpaid = store::lock_unpaid(&mut tx, now, BATCH).await?;
        for order in &mut unpaid {
            self.expire(&mut tx, order, now).await?;
        }
        self.outbox.commit(tx).await.context("unpaid orders were not cancelled")?;
        for order in &unpaid {
            self.metrics.reached(order);
            tracing::info!(order_id = %order.id, "order not paid in time");
        }
        Ok(if unpaid.is_empty() { Progress::Idle } else { Progress::Worked })
    }

    /// Cancels one order that was not paid in time.
    pub(super) async fn expire(
        &self,
        tx: &mut PgConnection,
        order: &mut Order,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<(), AdvanceError> {
        let change = Change::Cancelled(CancelReason::ReservationExpired);
        advance(tx, &self.outbox, order, change, now).await
    }
}
