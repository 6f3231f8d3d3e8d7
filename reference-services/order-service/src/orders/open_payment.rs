//! Opening an order's payment: from here on it is not cancelled by hand.

use ecotrack_chassis::{ApiError, ApiResult, postgres};
use uuid::Uuid;

use super::Orders;
use super::cancel::refusal;
use super::transition::{Change, advance};
use crate::domain::order::Order;
use crate::domain::status::Status;
use crate::store;

impl Orders {
    /// Opens the payment of a customer's order, or says again what is owed. 409 if there is nothing to pay any more.
    pub(crate) async fn open_payment(&self, user_id: Uuid, order_id: Uuid) -> ApiResult<Order> {
        let mut tx = self.database.begin().await?;
        let mut order =
            store::lock(&mut tx, order_id, Some(user_id)).await?.ok_or_else(ApiError::not_found)?;
        if order.status != Status::PaymentPending {
            advance(&mut tx, &self.outbox, &mut order, Change::PaymentOpened, postgres::now())
                .await
                .map_err(refusal)?;
        }
        self.outbox.commit(tx).await?;
        Ok(order)
    }
}
