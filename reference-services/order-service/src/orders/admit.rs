//! Letting an order be placed: the key claimed, a place among the customer's open orders taken, and a note left of the stock
//! that is about to be asked for. All in one transaction, so that a crash at any point leaves nothing unaccounted for.

use std::time::Duration;

use ecotrack_chassis::idempotency::{self, Claimed};
use ecotrack_chassis::{ApiError, ApiResult};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Orders;
use crate::store::{self, intents};

/// How long an attempt may take before its stock is given back. Longer than a request and all it asks for may live.
const PATIENCE: Duration = Duration::from_mins(1);
/// When to ask again about an attempt whose stock is being given back.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Orders {
    /// Claims the key; work that is to be done has its intent written down.
    pub(super) async fn admit(&self, request: &idempotency::Request<'_>) -> ApiResult<Claimed> {
        let mut tx = self.database.begin().await?;
        let claimed = idempotency::claim(&mut tx, request).await?;
        if let Claimed::Work(claim) = &claimed {
            self.take_place(&mut tx, request.user_id, claim.subject_id()).await?;
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// Refuses with 409 who has too many orders open. Requests of one customer take turns here, so none slips past.
    async fn take_place(
        &self,
        tx: &mut PgConnection,
        user_id: Uuid,
        order_id: Uuid,
    ) -> ApiResult<()> {
        store::lock_customer(tx, user_id).await?;
        if store::count_open(tx, user_id, order_id).await? >= i64::from(self.most_open) {
            let detail = format!(
                "at most {} orders may be open at once; pay or cancel one first",
                self.most_open
            );
            return Err(ApiError::conflict("too-many-open-orders", detail));
        }
        if intents::write(tx, order_id, user_id, PATIENCE).await? {
            Ok(())
        } else {
            let detail = "an earlier attempt under this Idempotency-Key is being undone";
            Err(ApiError::conflict("idempotency-key-running", detail).retry_after(RETRY_AFTER))
        }
    }
}
