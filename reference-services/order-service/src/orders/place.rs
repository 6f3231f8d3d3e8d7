//! Placing an order.

use std::time::Instant;

use axum::http::StatusCode;
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::idempotency::{self, Answer, Claim, Claimed};
use ecotrack_chassis::{ApiError, ApiResult, failpoint, postgres};
use ecotrack_events::order::{OrderCreated, OrderLine};
use tracing::{Instrument as _, field};
use uuid::Uuid;

use super::Orders;
use crate::clients::Knowledge;
use crate::domain::cart::Cart;
use crate::domain::order::{Order, Placement, PricingError};
use crate::domain::payment_method::PaymentMethod;
use crate::store::{self, intents};

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
    Now {
        /// What to say.
        answer: Answer,
        /// Where it is known from that the customer exists.
        customer: Knowledge,
    },
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
        let claim = match self.admit(request).await? {
            Claimed::Work(claim) => claim,
            Claimed::Done(answer) => return Ok(Placed::Before(answer)),
        };
        let span = tracing::info_span!(
            "order-processing",
            order_id = %claim.subject_id(),
            user_id = %caller.user_id,
            total_amount = field::Empty,
            payment_method = wish.payment_method.name(),
        );
        let placed = self.place_claimed(caller, &claim, wish, wording).instrument(span).await;
        match placed {
            Ok((answer, customer)) => Ok(Placed::Now { answer, customer }),
            Err(error) => {
                self.give_up(claim, &error).await;
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
    ) -> ApiResult<(Answer, Knowledge)> {
        let began = Instant::now();
        let customer = self.profiles.require(caller).await?;
        let order = self.reserve(caller, claim.subject_id(), wish).await?;
        tracing::Span::current().record("total_amount", order.total.to_decimal());
        let answer = Answer::new(StatusCode::CREATED, wording(&order).map_err(ApiError::internal)?);
        failpoint::hit("order-service.reserved");
        self.write(&order, claim, &answer).await?;
        failpoint::hit("order-service.committed");
        self.metrics.placed(&order, began.elapsed());
        tracing::info!(order_id = %order.id, lines = order.lines.len(), "order placed");
        Ok((answer, customer))
    }

    /// Has stock held for the order, which thereby has its prices.
    async fn reserve(&self, caller: &Caller, id: Uuid, wish: &Wish) -> ApiResult<Order> {
        let reservation = self.catalogue.reserve(id, &wish.cart, &caller.token).await?;
        let placement = Placement {
            id,
            user_id: caller.user_id,
            payment_method: wish.payment_method,
            held_until: reservation.expires_at(),
        };
        let price_of = |product| reservation.price_of(product);
        Order::place(&placement, &wish.cart, price_of, postgres::now()).map_err(refusal)
    }

    /// A request that was refused has its stock given back. One that broke may be sent again and goes on where it stopped;
    /// its stock is given back when nobody does.
    async fn give_up(&self, claim: Claim, error: &ApiError) {
        if !error.leaves_work() {
            self.abandon(claim.subject_id()).await;
        }
        claim.give_back(&self.database, error).await;
    }

    /// Order, event and answer become true together, and the attempt ends.
    async fn write(&self, order: &Order, claim: &Claim, answer: &Answer) -> ApiResult<()> {
        let mut tx = self.database.begin().await?;
        if !intents::fulfil(&mut tx, order.id).await? {
            return Err(ApiError::unavailable(anyhow::anyhow!("the attempt took too long")));
        }
        store::insert(&mut tx, order).await?;
        self.outbox.append(&mut tx, created(order)).await?;
        claim.complete(&mut tx, answer).await?;
        #[cfg(feature = "planted-reply-before-commit")]
        return Ok(self.commit_later(tx));
        #[cfg(not(feature = "planted-reply-before-commit"))]
        Ok(self.outbox.commit(tx).await?)
    }

    /// The bug that the invariant checker must find: the customer hears of an order that is not yet there.
    #[cfg(feature = "planted-reply-before-commit")]
    fn commit_later(&self, tx: sqlx::Transaction<'static, sqlx::Postgres>) {
        let outbox = self.outbox.clone();
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            outbox.commit(tx).await.ok();
        });
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
