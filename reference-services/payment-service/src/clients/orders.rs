//! order-service: what is owed.

use axum::http::StatusCode;
use ecotrack_chassis::auth::Token;
use ecotrack_chassis::http_client::{ClientError, ServiceClient};
use ecotrack_chassis::{ApiError, ApiResult};
use ecotrack_events::Money;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::payment::{AmountMismatch, Debt};

/// Asks order-service.
#[derive(Clone)]
pub(crate) struct OrderBook(ServiceClient);

/// What the customer offers: if it is not what is owed, nothing is opened.
#[derive(Serialize)]
struct Offered {
    amount: String,
    currency: &'static str,
}

#[derive(Deserialize)]
struct Due {
    order_id: Uuid,
    user_id: Uuid,
    amount: String,
    currency: String,
}

impl OrderBook {
    pub(crate) const fn new(client: ServiceClient) -> Self {
        Self(client)
    }

    /// Opens the order's payment on behalf of the token's user, and says what is owed. 422 if something else is offered.
    pub(crate) async fn open_payment(
        &self,
        order_id: Uuid,
        offered: Money,
        token: &Token,
    ) -> ApiResult<Debt> {
        let path = format!("/api/orders/{order_id}/payment");
        let offer = Offered { amount: offered.to_decimal(), currency: offered.currency().code() };
        match self.0.post_idempotent::<_, Due>(&path, Some(token), &offer).await {
            Ok(due) => {
                let amount =
                    Money::parse(&due.amount, &due.currency).map_err(ApiError::internal)?;
                Ok(Debt { order_id: due.order_id, user_id: due.user_id, amount })
            }
            Err(error) => Err(refusal(error)),
        }
    }
}

fn refusal(error: ClientError) -> ApiError {
    match error.status() {
        Some(StatusCode::NOT_FOUND) => ApiError::not_found().caused_by(error),
        Some(StatusCode::CONFLICT) => {
            ApiError::conflict("nothing-to-pay", "there is nothing to pay for this order")
                .caused_by(error)
        }
        Some(StatusCode::UNPROCESSABLE_ENTITY) => {
            ApiError::invalid_field("/amount", AmountMismatch.to_string()).caused_by(error)
        }
        Some(StatusCode::UNAUTHORIZED) => ApiError::unauthenticated().caused_by(error),
        _ => ApiError::unavailable(error),
    }
}
