//! product-service: reserves stock and says what it costs.

use std::collections::HashMap;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use ecotrack_chassis::auth::Token;
use ecotrack_chassis::http_client::{ClientError, ServiceClient};
use ecotrack_chassis::{ApiError, ApiResult};
use ecotrack_events::Money;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::away;
use crate::domain::cart::Cart;

const RESERVATIONS: &str = "/api/products/reservations";

/// Asks product-service.
#[derive(Clone)]
pub(crate) struct Catalogue(ServiceClient);

#[derive(Serialize)]
struct Wish {
    order_id: Uuid,
    items: Vec<WishLine>,
}

#[derive(Serialize)]
struct WishLine {
    product_id: Uuid,
    quantity: u32,
}

#[derive(Deserialize)]
struct Granted {
    expires_at: DateTime<Utc>,
    items: Vec<GrantedLine>,
}

#[derive(Deserialize)]
struct GrantedLine {
    product_id: Uuid,
    unit_price: String,
    currency: String,
}

/// Stock that is held for an order, and its prices.
#[derive(Debug)]
pub(crate) struct Reservation {
    expires_at: DateTime<Utc>,
    prices: HashMap<Uuid, Money>,
}

impl Reservation {
    /// Until when the stock is held for an order nobody pays.
    #[must_use]
    pub(crate) const fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }

    /// Price of one piece.
    #[must_use]
    pub(crate) fn price_of(&self, product_id: Uuid) -> Option<Money> {
        self.prices.get(&product_id).copied()
    }
}

impl Catalogue {
    /// Asks through this client.
    #[must_use]
    pub(crate) const fn new(client: ServiceClient) -> Self {
        Self(client)
    }

    /// Holds stock for an order. Asked twice for the same order it is held once.
    pub(crate) async fn reserve(
        &self,
        order_id: Uuid,
        cart: &Cart,
        token: &Token,
    ) -> ApiResult<Reservation> {
        let items =
            cart.lines().map(|(product_id, quantity)| WishLine { product_id, quantity }).collect();
        let wish = Wish { order_id, items };
        match self.0.post_idempotent::<_, Granted>(RESERVATIONS, Some(token), &wish).await {
            Ok(granted) => granted.reservation(),
            Err(error) => Err(not_held(error)),
        }
    }

    /// Gives the stock of an order back. That nothing was held is success to product-service: a 404 is somebody else's, on the way.
    pub(crate) async fn release(&self, order_id: Uuid) -> Result<(), ClientError> {
        self.0.delete(&format!("{RESERVATIONS}/{order_id}"), None).await
    }
}

impl Granted {
    fn reservation(self) -> ApiResult<Reservation> {
        let prices = self.items.into_iter().map(|line| {
            let price =
                Money::parse(&line.unit_price, &line.currency).map_err(ApiError::internal)?;
            Ok((line.product_id, price))
        });
        let prices = prices.collect::<ApiResult<_>>()?;
        Ok(Reservation { expires_at: self.expires_at, prices })
    }
}

/// Only product-service says these words; with the same statuses anybody on the way may answer.
fn not_held(error: ClientError) -> ApiError {
    match (error.status(), error.problem()) {
        (
            Some(StatusCode::CONFLICT),
            Some("sold-out" | "reservation-released" | "reservation-differs"),
        ) => ApiError::conflict("sold-out", "a product is not in stock in this quantity")
            .caused_by(error),
        (Some(StatusCode::UNPROCESSABLE_ENTITY), Some("invalid-request")) => {
            ApiError::invalid_field("/items", "a product does not exist").caused_by(error)
        }
        _ => away(error),
    }
}
