//! The stock: held for orders, given back, never below zero.

use chrono::{DateTime, TimeDelta, Utc};
use ecotrack_chassis::{ApiError, ApiResult, cache::TypedCache, postgres::Database};
use uuid::Uuid;

use crate::{
    domain::{Granted, Product, Refusal, Wish, grant},
    store::{self, reservations::Held},
};

/// How long stock is held for an order that is not paid.
const RESERVATION_TIME: TimeDelta = TimeDelta::minutes(15);

/// What is held for an order.
pub(crate) struct Reservation {
    pub(crate) order_id: Uuid,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) lines: Vec<Granted>,
    /// Whether it was made just now.
    pub(crate) is_new: bool,
}

/// Holds and releases stock.
#[derive(Clone)]
pub(crate) struct Stock {
    database: Database,
    products: TypedCache<Product>,
}

impl Stock {
    pub(crate) fn new(database: Database, products: TypedCache<Product>) -> Self {
        Self { database, products }
    }

    /// Holds all lines of an order or none. Asked again for the same order, the answer is the same.
    pub(crate) async fn reserve(&self, wish: &Wish) -> ApiResult<Reservation> {
        let mut transaction = self.database.begin().await?;
        store::reservations::lock_order(&mut transaction, wish.order_id).await?;
        let held = store::reservations::fetch(&mut transaction, wish.order_id).await?;
        if !held.is_empty() {
            return repeat(wish, held);
        }
        let mut products: Vec<_> = wish.lines().iter().map(|line| line.product_id).collect();
        products.sort_unstable();
        let offers = store::reservations::lock_offers(&mut transaction, &products).await?;
        let lines = grant(wish, &offers).map_err(|error| refusal(&error))?;
        let expires_at = Utc::now() + RESERVATION_TIME;
        store::reservations::hold(&mut transaction, wish.order_id, &lines, expires_at).await?;
        transaction.commit().await?;
        self.forget(&products).await;
        Ok(Reservation { order_id: wish.order_id, expires_at, lines, is_new: true })
    }

    /// Gives back what an order holds. Nothing held any more is nothing to do; an order we never heard of is an error.
    pub(crate) async fn release(&self, order_id: Uuid) -> ApiResult<()> {
        let mut transaction = self.database.begin().await?;
        store::reservations::lock_order(&mut transaction, order_id).await?;
        if store::reservations::fetch(&mut transaction, order_id).await?.is_empty() {
            return Err(ApiError::not_found());
        }
        let products = store::reservations::release(&mut transaction, order_id).await?;
        transaction.commit().await?;
        self.forget(&products).await;
        Ok(())
    }

    /// Cached products show how many are left, so they are read anew.
    async fn forget(&self, products: &[Uuid]) {
        for product in products {
            self.products.remove(&product.to_string()).await;
        }
    }
}

fn repeat(wish: &Wish, held: Vec<Held>) -> ApiResult<Reservation> {
    let is_same = held.len() == wish.lines().len()
        && held.iter().all(|held| wish.lines().contains(&held.granted.line));
    let is_released = held.iter().any(|held| held.is_released);
    let expires_at = held.iter().map(|held| held.expires_at).min();
    match expires_at {
        Some(expires_at) if is_same && !is_released => {
            let lines = held.into_iter().map(|held| held.granted).collect();
            Ok(Reservation { order_id: wish.order_id, expires_at, lines, is_new: false })
        }
        _ => Err(ApiError::conflict(
            "reservation-differs",
            "the order has another reservation or none any more",
        )),
    }
}

fn refusal(refusal: &Refusal) -> ApiError {
    match refusal {
        Refusal::SoldOut(_) => ApiError::conflict("sold-out", refusal.to_string()),
        Refusal::Unknown(_) => ApiError::invalid_field("/items", refusal.to_string()),
    }
}
