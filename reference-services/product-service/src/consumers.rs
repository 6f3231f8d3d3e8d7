//! What becomes of an order decides what becomes of its reservation.

use ecotrack_chassis::inbox::{Handler, HandlerError};
use ecotrack_events::{Envelope, Event};
use sqlx::{Postgres, Transaction};

use crate::store::reservations;

/// Releases the stock of cancelled orders and books that of completed ones.
pub(crate) struct OrderOutcomes;

impl Handler for OrderOutcomes {
    async fn handle(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> Result<(), HandlerError> {
        if let Event::OrderCancelled(cancelled) = &event.event {
            let released = reservations::release(transaction, cancelled.order_id).await?;
            tracing::info!(order_id = %cancelled.order_id, products = released.len(), "stock released");
        } else if let Event::OrderCompleted(completed) = &event.event {
            let sold = reservations::sell(transaction, completed.order_id).await?;
            tracing::info!(order_id = %completed.order_id, lines = sold, "stock sold");
        }
        Ok(())
    }
}
