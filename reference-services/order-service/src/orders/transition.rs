//! A step in an order's life: the row, its history and its event, in the caller's transaction.

use chrono::{DateTime, Utc};
use ecotrack_chassis::outbox::Outbox;
use ecotrack_events::Event;
use ecotrack_events::order::{OrderCancelled, OrderCompleted, OrderPaymentProcessed, OrderUpdated};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::order::Order;
use crate::domain::status::{IllegalTransition, Status};
use crate::store;

/// What happened to an order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// A payment was opened.
    PaymentOpened,
    /// The payment went through.
    Paid {
        /// Which payment.
        payment_id: Uuid,
    },
    /// Nothing is left to do.
    Completed,
    /// It was given up.
    Cancelled {
        /// Why, in a word.
        reason: &'static str,
    },
    /// It was paid back.
    Refunded,
}

impl Change {
    const fn status(self) -> Status {
        match self {
            Self::PaymentOpened => Status::PaymentPending,
            Self::Paid { .. } => Status::Paid,
            Self::Completed => Status::Completed,
            Self::Cancelled { .. } => Status::Cancelled,
            Self::Refunded => Status::Refunded,
        }
    }

    const fn notes(self) -> Option<&'static str> {
        match self {
            Self::Cancelled { reason } => Some(reason),
            Self::PaymentOpened | Self::Paid { .. } | Self::Completed | Self::Refunded => None,
        }
    }

    fn event(self, order: &Order) -> Event {
        let (order_id, user_id, at) = (order.id, order.user_id, order.updated_at);
        match self {
            Self::Paid { payment_id } => OrderPaymentProcessed {
                order_id,
                user_id,
                payment_id,
                amount: order.total,
                processed_at: at,
            }
            .into(),
            Self::Completed => {
                OrderCompleted { order_id, user_id, total: order.total, completed_at: at }.into()
            }
            Self::Cancelled { reason } => {
                OrderCancelled { order_id, user_id, reason: reason.to_owned(), cancelled_at: at }
                    .into()
            }
            Self::PaymentOpened | Self::Refunded => OrderUpdated {
                order_id,
                user_id,
                status: order.status.name().to_owned(),
                updated_at: at,
            }
            .into(),
        }
    }
}

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
    order.status = order.status.advance(change.status())?;
    order.updated_at = now;
    store::advance(tx, order, change.notes()).await?;
    outbox.append(tx, change.event(order)).await?;
    Ok(())
}
