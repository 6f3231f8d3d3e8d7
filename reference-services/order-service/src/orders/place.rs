//! Placing an order.

use std::time::Instant;

use axum::http::StatusCode;
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::idempotency::{self, Answer, Claim, Claimed};
use ecotrack_chassis::{ApiError, ApiResult, postgres};
use ecotrack_events::order::{OrderCreated, OrderLine};
use tracing::{Instrument as _, field};
use uuid::Uuid;

use super::Orders;
use crate::domain::cart::Cart;
use crate::domain::order::{Order, Placement, PricingError};
use crate::domain::payment_method::PaymentMethod;
use crate::store;

/// What a customer asks for.
#[derive(Debug)]
pub(crate) struct Wish {
    /// Products and quantities.
    pub(crate) cart: Cart,
    /// How they mean to pay.
    pub(crate) payment_method: PaymentMethod,
}

/// What came of asking.
#[derive(Debug)]
pub(crate) enum Placed {
    /// The order was placed just now.
    Now(Answer),
    /// It was placed when the key was used first.
    Before(Answer),
}

/// How an order that was just placed is answered.
type Wording = fn(&Order) -> serde_json::Result<String>;

impl Orders {
    /// Places an order once, however often it is asked for under one key.
    pub(crate) async fn place(
        &self,
        caller: &Caller,
        request: &idempotency::Request<'_>,
        wish: &Wish,
        wording: Wording,
    ) -> ApiResult<Placed> {
        let mut conn = self.database.acquire().await?;
        let claim = match idempotency::claim(&mut conn, request).await? {
            Claimed::Work(claim) => claim,
            Claimed::Done(answer) => return Ok(Placed::Before(answer)),
        };
        drop(conn);
        let span = tracing::info_span!(
            "order-processing",
            order_id = %claim.subject_id(),
            user_id = %caller.user_id,
            total_amount = field::Empty,
            payment_method = wish.payment_method.name(),
        );
        let placed = self.place_claimed(caller, &claim, wish, wording).instrument(span).await;
        match placed {
            Ok(answer) => Ok(Placed::Now(answer)),
            Err(error) => {
                claim.give_back(&self.database, &error).await;
                Err(error)
            }
        }
    }

    async fn place_claimed(
        &self,
        caller: &Caller,
        claim: &Claim,
        wish: &Wish,
        wording: Wording,
    ) -> ApiResult<Answer> {
        let began = Instant::now();
        self.profiles.require(caller).await?;
        let id = claim.subject_id();
        let reservation = self.catalogue.reserve(id, &wish.cart, &caller.token).await?;
        let placement =
            Placement { id, user_id: caller.user_id, payment_method: wish.payment_method };
        let priced = Order::place(
            &placement,
            &wish.cart,
            |product| reservation.price_of(product),
            postgres::now(),
        );
        let order = match priced {
            Ok(order) => order,
            Err(error) => return Err(self.decline(id, error).await),
        };
        tracing::Span::current().record("total_amount", order.total.to_decimal());
        let answer = Answer::new(StatusCode::CREATED, wording(&order).map_err(ApiError::internal)?);
        self.write(&order, claim, &answer).await?;
        self.metrics.placed(&order, began.elapsed());
        tracing::info!(order_id = %order.id, lines = order.lines.len(), "order placed");
        Ok(answer)
    }

    /// Gives back what was reserved for an order that cannot be. If that fails, the reservation ends by itself.
    async fn decline(&self, order_id: Uuid, error: PricingError) -> ApiError {
        if let Err(error) = self.catalogue.release(order_id).await {
            tracing::warn!(
                error = format!("{:#}", anyhow::Error::from(error)),
                "the reservation is left to expire"
            );
        }
        refusal(error)
    }

    /// Order, event and answer become true together.
    async fn write(&self, order: &Order, claim: &Claim, answer: &Answer) -> ApiResult<()> {
        let mut tx = self.database.begin().await?;
        store::insert(&mut tx, order).await?;
        self.outbox.append(&mut tx, created(order)).await?;
        claim.complete(&mut tx, answer).await?;
        self.outbox.commit(tx).await?;
        Ok(())
    }
}

fn created(order: &Order) -> OrderCreated {
    OrderCreated {
        order_id: order.id,
        user_id: order.user_id,
        lines: order
            .lines
            .iter()
            .map(|line| OrderLine {
                product_id: line.product_id,
                quantity: line.quantity,
                unit_price: line.unit_price,
            })
            .collect(),
        total: order.total,
        created_at: order.created_at,
    }
}

fn refusal(error: PricingError) -> ApiError {
    match error {
        PricingError::Money(error) => ApiError::invalid_field("/items", error.to_string()),
        PricingError::Free => {
            ApiError::invalid_field("/items", "an order without a price cannot be placed")
        }
        error @ PricingError::Unpriced(_) => ApiError::internal(error),
    }
}
