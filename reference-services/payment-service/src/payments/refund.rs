//! Paying money back.

use ecotrack_chassis::{ApiError, ApiResult, postgres};
use uuid::Uuid;

use super::Payments;
use crate::domain::payment::Payment;
use crate::domain::schedule;
use crate::domain::status::Status;
use crate::store::{self, Operation};

impl Payments {
    /// Refunds a customer's payment, once however often it is asked for. Still pending if the provider does not say.
    pub(crate) async fn refund(&self, user_id: Uuid, payment_id: Uuid) -> ApiResult<Payment> {
        let payment = self.start_refund(user_id, payment_id).await?;
        if payment.status == Status::Refunded {
            return Ok(payment);
        }
        let outcome = self.providers.refund(&payment).await;
        let (payment, _) = self.settle(&payment, Operation::Refund, &outcome, 0, None).await?;
        if payment.status == Status::Processed {
            return Err(ApiError::conflict(
                "refund-refused",
                "the provider refuses to pay this back",
            ));
        }
        Ok(payment)
    }

    /// From here on somebody looks after the refund, whatever happens to this request.
    async fn start_refund(&self, user_id: Uuid, payment_id: Uuid) -> ApiResult<Payment> {
        let mut tx = self.database.begin().await?;
        let mut payment = store::lock(&mut tx, payment_id, Some(user_id))
            .await?
            .ok_or_else(ApiError::not_found)?;
        if payment.status != Status::Refunded {
            payment.status = payment
                .status
                .start_refund()
                .map_err(|error| ApiError::conflict("payment-status", error.to_string()))?;
            payment.updated_at = postgres::now();
            store::update(&mut tx, &payment, Some(schedule::PATIENCE)).await?;
        }
        tx.commit().await?;
        Ok(payment)
    }
}
