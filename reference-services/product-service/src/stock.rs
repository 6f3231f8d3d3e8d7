//! The stock: held for orders, given back, never below zero.

mod expiry;
mod outcomes;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use ecotrack_chassis::{ApiError, ApiResult, postgres};
use uuid::Uuid;

use crate::{
    caches::{Caches, StockChange},
    domain::{Granted, Offer, Refusal, Wish, grant},
    store::reservations::{self, Held, Returned},
};

pub(crate) use expiry::Expiry;
pub(crate) use outcomes::{LateChanges, OrderOutcomes};

/// What is held for an order.
pub(crate) struct Reservation {
    pub(crate) order_id: Uuid,
    /// Until when it is held; for good when there is none.
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) lines: Vec<Granted>,
    /// Whether it was made just now.
    pub(crate) is_new: bool,
}

/// Holds and releases stock.
#[derive(Clone)]
pub(crate) struct Stock {
    database: postgres::Database,
    caches: Caches,
    hold_for: TimeDelta,
}

impl Stock {
    pub(crate) fn new(database: postgres::Database, caches: Caches, hold_for: TimeDelta) -> Self {
        Self { database, caches, hold_for }
    }

    /// Holds all lines of an order or none. Asked again for the same order, the answer is the same.
    pub(crate) async fn reserve(&self, wish: &Wish) -> ApiResult<Reservation> {
        let mut transaction = self.database.begin().await?;
        reservations::lock_order(&mut transaction, wish.order_id).await?;
        let held = reservations::fetch(&mut transaction, wish.order_id).await?;
        if !held.is_empty() {
            return repeat(wish, held);
        }
        if reservations::is_tombstoned(&mut transaction, wish.order_id).await? {
            return Err(released());
        }
        let products: Vec<_> = wish.lines().iter().map(|line| line.product_id).collect();
        let offers = reservations::lock_offers(&mut transaction, &products).await?;
        let lines = grant(wish, &offers).map_err(|error| refusal(&error))?;
        let expires_at = postgres::now() + self.hold_for;
        reservations::hold(&mut transaction, wish.order_id, &lines, expires_at).await?;
        let invalidation = self.caches.stock_changed(&taken(&lines, &offers));
        transaction.commit().await?;
        invalidation.await;
        let expires_at = Some(expires_at);
        Ok(Reservation { order_id: wish.order_id, expires_at, lines, is_new: true })
    }

    /// Gives back what an order holds. Nothing held is nothing to do, but a reservation that comes later is refused.
    pub(crate) async fn release(&self, order_id: Uuid) -> ApiResult<()> {
        let mut transaction = self.database.begin().await?;
        reservations::lock_order(&mut transaction, order_id).await?;
        let returned = reservations::release(&mut transaction, order_id).await?;
        let invalidation = self.caches.stock_changed(&given_back(&returned));
        transaction.commit().await?;
        invalidation.await;
        Ok(())
    }
}

fn taken(lines: &[Granted], offers: &HashMap<Uuid, Offer>) -> Vec<StockChange> {
    let change = |granted: &Granted| {
        let (product_id, quantity) = (granted.line.product_id, granted.line.quantity);
        let before = offers.get(&product_id)?.stock;
        Some(StockChange { product_id, before, after: before - quantity })
    };
    lines.iter().filter_map(change).collect()
}

fn given_back(returned: &[Returned]) -> Vec<StockChange> {
    let change = |line: &Returned| StockChange {
        product_id: line.product_id,
        before: line.stock - line.quantity,
        after: line.stock,
    };
    returned.iter().map(change).collect()
}

fn repeat(wish: &Wish, held: Vec<Held>) -> ApiResult<Reservation> {
    if held.iter().any(|held| held.is_over) {
        return Err(released());
    }
    let is_same = held.len() == wish.lines().len()
        && held.iter().all(|held| wish.lines().contains(&held.granted.line));
    if !is_same {
        let detail = "the order has another reservation";
        return Err(ApiError::conflict("reservation-differs", detail));
    }
    let expires_at = held.iter().filter_map(|held| held.expires_at).min();
    let lines = held.into_iter().map(|held| held.granted).collect();
    Ok(Reservation { order_id: wish.order_id, expires_at, lines, is_new: false })
}

fn released() -> ApiError {
    let detail = "the order was given up, it cannot reserve any more";
    ApiError::conflict("reservation-released", detail)
}

fn refusal(refusal: &Refusal) -> ApiError {
    match refusal {
        Refusal::SoldOut(_) => ApiError::conflict("sold-out", refusal.to_string()),
        Refusal::Unknown(_) => ApiError::invalid_field("/items", refusal.to_string()),
    }
}
