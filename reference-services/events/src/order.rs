//! Payloads of `order-events`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Money;

/// One line of an order, with the price it was sold at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OrderLine {
    /// What was ordered.
    pub product_id: Uuid,
    /// How many.
    pub quantity: u32,
    /// Price of one.
    pub unit_price: Money,
}

/// An order was placed and its stock reserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OrderCreated {
    /// The order.
    pub order_id: Uuid,
    /// The customer who placed it.
    pub user_id: Uuid,
    /// What was ordered; never empty.
    pub lines: Vec<OrderLine>,
    /// Sum of all lines.
    pub total: Money,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// An order reached a status that has no event of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OrderUpdated {
    /// The order.
    pub order_id: Uuid,
    /// The customer who placed it.
    pub user_id: Uuid,
    /// The status it reached.
    pub status: String,
    /// When.
    pub updated_at: DateTime<Utc>,
}

/// An order was cancelled; its stock is free again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OrderCancelled {
    /// The order.
    pub order_id: Uuid,
    /// The customer who placed it.
    pub user_id: Uuid,
    /// Why, in a word: `customer`, `payment_failed`, `reservation_expired`.
    pub reason: String,
    /// When.
    pub cancelled_at: DateTime<Utc>,
}

/// An order was paid and is done; its stock is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OrderCompleted {
    /// The order.
    pub order_id: Uuid,
    /// The customer who placed it.
    pub user_id: Uuid,
    /// What was paid.
    pub total: Money,
    /// When.
    pub completed_at: DateTime<Utc>,
}

/// An order's payment went through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OrderPaymentProcessed {
    /// The order.
    pub order_id: Uuid,
    /// The customer who placed it.
    pub user_id: Uuid,
    /// The payment.
    pub payment_id: Uuid,
    /// What was paid.
    pub amount: Money,
    /// When.
    pub processed_at: DateTime<Utc>,
}
