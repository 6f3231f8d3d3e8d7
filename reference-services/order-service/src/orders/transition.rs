//! A step in an order's life: the row, its history and its event, in the caller's transaction.

use chrono::{DateTime, Utc};
use ecotrack_chassis::outbox::Outbox;
use ecotrack_events::Event;
use ecotrack_events::order::{OrderCancelled, OrderCompleted, OrderPaymentProcessed, OrderUpdated};
use sqlx::PgConnection;

use crate::domain::change::Change;
use crate::domain::order::Order;
use crate::domain::status::IllegalTransition;
use crate::store;

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdvanceError {
    /// The order's life does not have it.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// It could not be written.
    #[error("the step could not be written")]
    Database(#[from] sqlx::Error),
}

/// Takes a step. The order must be locked by the transaction.
pub(crate) async fn advance(
    tx: &mut PgConnection,
    outbox: &Outbox,
    order: &mut Order,
    change: Change,
    now: DateTime<Utc>,
) -> Result<(), AdvanceError> {
    let from = order.status;
    order.status = from.advance(change.status())?;
    // The step before may have been made by a clock that is ahead of ours. Time does not go back for that.
    order.updated_at = now.max(order.updated_at);
    match change {
        Change::PaymentOpened { payment_id } => order.payment_id = payment_id,
        Change::Paid { payment_id } => order.payment_id = Some(payment_id),
        Change::Completed | Change::Cancelled(_) | Change::Refunded => {}
    }
    store::advance(tx, order, from, change).await?;
    outbox.append(tx, event(change, order)).await?;
    Ok(())
}

fn event(change: Change, order: &Order) -> Event {
    let (order_id, user_id, at) = (order.id, order.user_id, order.updated_at);
    match change {
        Change::Paid { payment_id } => OrderPaymentProcessed {
            order_id,
            user_id,
            payment_id,
            amount: order.total,
            processed_at: at,
        }
        .into(),
        Change::Completed => {
            OrderCompleted { order_id, user_id, total: order.total, completed_at: at }.into()
        }
        Change::Cancelled(reason) => {
            let reason = reason.name().to_owned();
            OrderCancelled { order_id, user_id, reason, cancelled_at: at }.into()
        }
        Change::PaymentOpened { .. } | Change::Refunded => {
            let status = order.status.name().to_owned();
            OrderUpdated { order_id, user_id, status, updated_at: at }.into()
        }
    }
}
