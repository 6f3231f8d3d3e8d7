//! Opening an order's payment: from here on only the payment's outcome decides what becomes of it.

use axum::http::StatusCode;
use ecotrack_chassis::{ApiError, ApiResult, postgres};
use ecotrack_events::Money;
use uuid::Uuid;

use super::Orders;
use super::cancel::refusal;
use super::transition::advance;
use crate::domain::change::Change;
use crate::domain::order::Order;
use crate::domain::status::Status;
use crate::store;

/// A payment that wants to be let in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    /// Which payment it is: the same one is let in again, another one is not.
    pub(crate) payment_id: Option<Uuid>,
    /// What it is of.
    pub(crate) offered: Option<Money>,
}

impl Orders {
    /// Opens the payment of a customer's order, or says again what is owed. 422 if that is not what is offered, 409 if there
    /// is nothing to pay any more or another payment was let in.
    pub(crate) async fn open_payment(
        &self,
        user_id: Uuid,
        order_id: Uuid,
        Opening { payment_id, offered }: Opening,
    ) -> ApiResult<Order> {
        let now = postgres::now();
        let mut tx = self.database.begin().await?;
        let mut order =
            store::lock(&mut tx, order_id, Some(user_id)).await?.ok_or_else(no_such_order)?;
        if offered.is_some_and(|offered| offered != order.total) {
            return Err(ApiError::invalid_field("/amount", "not what is owed for the order"));
        }
        // Whoever holds the row decides: this call and the clock's cannot both win.
        let is_too_late = order.has_expired(now);
        if is_too_late {
            self.expire(&mut tx, &mut order, now).await.map_err(refusal)?;
        } else if order.status != Status::PaymentPending {
            let change = Change::PaymentOpened { payment_id };
            advance(&mut tx, &self.outbox, &mut order, change, now).await.map_err(refusal)?;
        } else if order.is_paid_otherwise(payment_id) {
            let detail = "another payment of the order is under way";
            return Err(ApiError::conflict("payment-under-way", detail));
        }
        self.outbox.commit(tx).await?;
        if is_too_late {
            self.metrics.reached(&order);
            return Err(too_late());
        }
        Ok(order)
    }
}

/// In other words than those of a route that is not there: payment-service decides by them that nothing was opened.
fn no_such_order() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "order-not-found", "there is no such order")
}

/// In the same words as a moment later, when the clock has ended the order.
fn too_late() -> ApiError {
    ApiError::conflict("order-status", "the order was not paid in time; its stock is free again")
}
