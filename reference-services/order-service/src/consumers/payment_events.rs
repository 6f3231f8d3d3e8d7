//! An order follows its payment.

use ecotrack_chassis::inbox::{Handler, HandlerError};
use ecotrack_chassis::outbox::Outbox;
use ecotrack_chassis::postgres;
use ecotrack_events::{Envelope, Event};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::domain::order::Order;
use crate::metrics::OrderMetrics;
use crate::orders::{AdvanceError, Change, advance};
use crate::store;

/// Handles `payment-events`.
pub(crate) struct PaymentEvents {
    outbox: Outbox,
    metrics: OrderMetrics,
}

impl PaymentEvents {
    /// A handler that writes events to this outbox.
    #[must_use]
    pub(crate) const fn new(outbox: Outbox, metrics: OrderMetrics) -> Self {
        Self { outbox, metrics }
    }

    async fn follow(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        order_id: Uuid,
        changes: &[Change],
    ) -> Result<(), HandlerError> {
        let mut order = store::lock(tx, order_id, None)
            .await?
            .ok_or_else(|| HandlerError::Poison(format!("there is no order {order_id}")))?;
        for change in changes {
            self.step(tx, &mut order, *change).await?;
        }
        Ok(())
    }

    async fn step(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        order: &mut Order,
        change: Change,
    ) -> Result<(), HandlerError> {
        match advance(tx, &self.outbox, order, change, postgres::now()).await {
            Ok(()) => {
                self.metrics.reached(order);
                Ok(())
            }
            Err(AdvanceError::Illegal(error)) => Err(HandlerError::Poison(error.to_string())),
            Err(AdvanceError::Database(error)) => Err(error.into()),
        }
    }
}

impl Handler for PaymentEvents {
    async fn handle(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> Result<(), HandlerError> {
        if let Event::PaymentProcessed(payment) = &event.event {
            let paid = Change::Paid { payment_id: payment.payment_id };
            self.follow(tx, payment.order_id, &[paid, Change::Completed]).await
        } else if let Event::PaymentFailed(payment) = &event.event {
            self.follow(tx, payment.order_id, &[Change::Cancelled { reason: "payment_failed" }])
                .await
        } else if let Event::PaymentRefunded(payment) = &event.event {
            self.follow(tx, payment.order_id, &[Change::Refunded]).await
        } else {
            Ok(())
        }
    }

    fn committed(&self) {
        self.outbox.wake();
    }
}
