//! An order follows its payment.

use ecotrack_chassis::inbox::{Handler, HandlerError};
use ecotrack_chassis::outbox::Outbox;
use ecotrack_chassis::postgres;
use ecotrack_events::{Envelope, Event};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::domain::change::Change;
use crate::domain::order::Order;
use crate::domain::payment_fact::{Outcome, PaymentFact};
use crate::metrics::OrderMetrics;
use crate::orders::{AdvanceError, advance};
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

    async fn hear(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        order_id: Uuid,
        fact: &PaymentFact,
    ) -> Result<Vec<Order>, HandlerError> {
        let Some(mut order) = store::lock(tx, order_id, None).await? else {
            return missing(order_id, fact);
        };
        let changes = order.hear(fact).map_err(|error| HandlerError::Poison(error.to_string()))?;
        if changes.is_empty() {
            tracing::debug!(%order_id, "nothing new about the payment");
        }
        let mut steps = Vec::with_capacity(changes.len());
        for change in changes {
            self.step(tx, &mut order, change).await?;
            steps.push(order.clone());
        }
        Ok(steps)
    }

    async fn step(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        order: &mut Order,
        change: Change,
    ) -> Result<(), HandlerError> {
        match advance(tx, &self.outbox, order, change, postgres::now()).await {
            Ok(()) => Ok(()),
            Err(AdvanceError::Illegal(error)) => Err(HandlerError::Poison(error.to_string())),
            Err(AdvanceError::Database(error)) => Err(error.into()),
        }
    }
}

impl Handler for PaymentEvents {
    /// The order as it was after each step.
    type Effect = Vec<Order>;

    async fn handle(
        &self,
        tx: &mut Transaction<'static, Postgres>,
        event: &Envelope,
    ) -> Result<Vec<Order>, HandlerError> {
        match fact(&event.event) {
            Some((order_id, fact)) => self.hear(tx, order_id, &fact).await,
            None => Ok(Vec::new()),
        }
    }

    fn committed(&self, steps: Vec<Vec<Order>>) {
        for order in steps.iter().flatten() {
            self.metrics.reached(order);
        }
        self.outbox.wake();
    }
}

/// What an event says about an order's payment, if an order cares.
fn fact(event: &Event) -> Option<(Uuid, PaymentFact)> {
    let fact = |order_id, payment_id, user_id, amount, outcome| {
        Some((order_id, PaymentFact { payment_id, user_id, amount, outcome }))
    };
    if let Event::PaymentProcessed(it) = event {
        fact(it.order_id, it.payment_id, it.user_id, it.amount, Outcome::Processed)
    } else if let Event::PaymentFailed(it) = event {
        fact(it.order_id, it.payment_id, it.user_id, it.amount, Outcome::Failed)
    } else if let Event::PaymentRefunded(it) = event {
        // Events from before partial refunds tell of full ones.
        let total = it.refunded_total.unwrap_or(it.amount);
        fact(it.order_id, it.payment_id, it.user_id, total, Outcome::Refunded)
    } else {
        None
    }
}

/// A payment that failed may have been meant for an order that never was; money moves for orders only.
fn missing(order_id: Uuid, fact: &PaymentFact) -> Result<Vec<Order>, HandlerError> {
    if fact.outcome == Outcome::Failed {
        return Ok(Vec::new());
    }
    Err(HandlerError::Poison(format!("there is no order {order_id}")))
}
