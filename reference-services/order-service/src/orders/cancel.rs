//! Giving an order up.

use ecotrack_chassis::{ApiError, ApiResult, postgres};
use uuid::Uuid;

use super::Orders;
use super::transition::{AdvanceError, advance};
use crate::domain::change::{CancelReason, Change};
use crate::domain::order::Order;
use crate::domain::status::IllegalTransition;
use crate::store;

impl Orders {
    /// Cancels a customer's order. 409 once a payment is under way.
    pub(crate) async fn cancel(&self, user_id: Uuid, order_id: Uuid) -> ApiResult<Order> {
        let mut tx = self.database.begin().await?;
        let mut order =
            store::lock(&mut tx, order_id, Some(user_id)).await?.ok_or_else(ApiError::not_found)?;
        order.status.cancel().map_err(illegal)?;
        let change = Change::Cancelled(CancelReason::Customer);
        advance(&mut tx, &self.outbox, &mut order, change, postgres::now())
            .await
            .map_err(refusal)?;
        self.outbox.commit(tx).await?;
        self.metrics.reached(&order);
        Ok(order)
    }
}

pub(super) fn refusal(error: AdvanceError) -> ApiError {
    match error {
        AdvanceError::Illegal(error) => illegal(error),
        AdvanceError::Database(error) => error.into(),
    }
}

fn illegal(error: IllegalTransition) -> ApiError {
    ApiError::conflict("order-status", error.to_string())
}
