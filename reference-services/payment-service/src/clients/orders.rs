//! order-service: what is owed.

use axum::http::StatusCode;
use ecotrack_chassis::ApiError;
use ecotrack_chassis::auth::Token;
use ecotrack_chassis::http_client::{ClientError, ServiceClient};
use ecotrack_events::Money;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::intent::Intent;
use crate::domain::payment::{AmountMismatch, Debt};

/// Asks order-service.
#[derive(Clone)]
pub(crate) struct OrderBook(ServiceClient);

/// Which payment wants to be let in, and what the customer offers: if that is not what is owed, nothing is opened.
#[derive(Serialize)]
struct Offered {
    payment_id: Uuid,
    amount: String,
    currency: &'static str,
}

/// Why a payment is not known to be open.
pub(crate) struct NotOpened {
    /// What the customer is told.
    pub(crate) answer: ApiError,
    /// Whether order-service said so itself. Else it may be open nevertheless.
    pub(crate) is_surely_closed: bool,
    /// Whether order-service was not even asked: if it was not before either, nothing is open.
    pub(crate) is_unsent: bool,
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

    /// Has order-service let a payment in on behalf of the token's user, and says what is owed. 422 if something else is offered.
    pub(crate) async fn open_payment(
        &self,
        intent: &Intent,
        token: &Token,
    ) -> Result<Debt, NotOpened> {
        let path = format!("/api/orders/{}/payment", intent.offer.order_id);
        let offer = Offered {
            payment_id: intent.payment_id,
            amount: intent.amount().to_decimal(),
            currency: intent.amount().currency().code(),
        };
        match self.0.post_idempotent::<_, Due>(&path, Some(token), &offer).await {
            Ok(due) => due.debt(),
            Err(error) => Err(not_opened(error)),
        }
    }
}

impl Due {
    fn debt(self) -> Result<Debt, NotOpened> {
        match Money::parse(&self.amount, &self.currency) {
            Ok(amount) => Ok(Debt { order_id: self.order_id, user_id: self.user_id, amount }),
            Err(error) => {
                let answer = ApiError::internal(error);
                Err(NotOpened { answer, is_surely_closed: false, is_unsent: false })
            }
        }
    }
}

/// A refusal in order-service's own words: it let nothing in.
enum Refusal {
    NoSuchOrder,
    NothingToPay,
    AnotherAmount,
}

impl Refusal {
    /// Anybody on the way may answer with these statuses, after order-service let the payment in. Only it says these words.
    fn of(error: &ClientError) -> Option<Self> {
        match (error.status()?, error.problem()?) {
            (StatusCode::NOT_FOUND, "order-not-found") => Some(Self::NoSuchOrder),
            (StatusCode::CONFLICT, "order-status" | "payment-under-way") => {
                Some(Self::NothingToPay)
            }
            (StatusCode::UNPROCESSABLE_ENTITY, "invalid-request") => Some(Self::AnotherAmount),
            _ => None,
        }
    }

    fn answer(self) -> ApiError {
        match self {
            Self::NoSuchOrder => ApiError::not_found(),
            Self::NothingToPay => {
                ApiError::conflict("nothing-to-pay", "there is nothing to pay for this order")
            }
            Self::AnotherAmount => ApiError::invalid_field("/amount", AmountMismatch.to_string()),
        }
    }
}

fn not_opened(error: ClientError) -> NotOpened {
    let refusal = Refusal::of(&error);
    NotOpened {
        is_surely_closed: refusal.is_some(),
        is_unsent: error.is_unsent(),
        answer: answer(refusal, error),
    }
}

/// What nobody knows the end of is no refusal of ours either: the request may come again and go on.
fn answer(refusal: Option<Refusal>, error: ClientError) -> ApiError {
    match refusal {
        Some(refusal) => refusal.answer().caused_by(error),
        None if error.status() == Some(StatusCode::UNAUTHORIZED) => {
            ApiError::unauthenticated().leaving_work().caused_by(error)
        }
        None => ApiError::unavailable(error),
    }
}
