//! What goes over the wire. Separate from the domain: a client can neither set nor see more than is written here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::cart::{Cart, CartError};
use crate::domain::history::Entry;
use crate::domain::order::{Line, Order};
use crate::domain::payment_method::PaymentMethod;
use crate::domain::status::Status;

/// A request to place an order. It has no prices: those are the catalogue's.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "items": [{"product_id": "0190a0de-0000-7000-8000-000000000001", "quantity": 2}],
    "payment_method": "credit_card",
}))]
pub(crate) struct OrderRequest {
    /// What is ordered, each product once.
    #[schema(min_items = 1, max_items = 50, value_type = BTreeSet<ItemRequest>)]
    items: Vec<ItemRequest>,
    /// How the customer means to pay.
    #[serde(default)]
    payment_method: PaymentMethod,
}

/// One line of a request.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ItemRequest {
    product_id: Uuid,
    #[schema(minimum = 1, maximum = 1000)]
    quantity: i64,
}

impl OrderRequest {
    /// The cart that is asked for.
    pub(crate) fn cart(&self) -> Result<Cart, CartError> {
        Cart::parse(self.items.iter().map(|item| (item.product_id, item.quantity)))
    }

    /// How the customer means to pay.
    pub(crate) const fn payment_method(&self) -> PaymentMethod {
        self.payment_method
    }
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "order_id": "0190a0de-0000-7000-8000-000000000002",
    "user_id": "0190a0de-0000-7000-8000-000000000003",
    "status": "created",
    "total_amount": "19.98",
    "currency": "EUR",
    "payment_method": "credit_card",
    "items": [{"product_id": "0190a0de-0000-7000-8000-000000000001", "quantity": 2, "unit_price": "9.99"}],
    "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:00Z",
}))]
pub(crate) struct OrderView {
    order_id: Uuid,
    user_id: Uuid,
    status: Status,
    /// Decimal text.
    #[schema(example = "19.98")]
    total_amount: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: &'static str,
    payment_method: PaymentMethod,
    items: Vec<ItemView>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// One line of an order, at the price it was sold at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ItemView {
    product_id: Uuid,
    quantity: u32,
    /// Decimal text.
    #[schema(example = "9.99")]
    unit_price: String,
}

impl From<&Order> for OrderView {
    fn from(order: &Order) -> Self {
        Self {
            order_id: order.id,
            user_id: order.user_id,
            status: order.status,
            total_amount: order.total.to_decimal(),
            currency: order.total.currency().code(),
            payment_method: order.payment_method,
            items: order.lines.iter().map(ItemView::from).collect(),
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

impl From<&Line> for ItemView {
    fn from(line: &Line) -> Self {
        Self {
            product_id: line.product_id,
            quantity: line.quantity,
            unit_price: line.unit_price.to_decimal(),
        }
    }
}

/// What happened to an order, from the beginning.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct History {
    /// Its steps; never empty.
    items: Vec<HistoryItem>,
}

/// One step.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryItem {
    /// The status it reached.
    status: Status,
    at: DateTime<Utc>,
    /// By whose doing: `customer`, `payment` or `system`.
    #[schema(example = "customer")]
    actor: &'static str,
    /// Why, in a word: `customer`, `payment_failed` or `reservation_expired` of an order that was cancelled.
    reason: Option<String>,
}

impl From<Vec<Entry>> for History {
    fn from(entries: Vec<Entry>) -> Self {
        let item = |entry: Entry| HistoryItem {
            status: entry.status,
            at: entry.at,
            actor: entry.actor.name(),
            reason: entry.reason,
        };
        Self { items: entries.into_iter().map(item).collect() }
    }
}

/// What is owed for an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentDue {
    order_id: Uuid,
    user_id: Uuid,
    /// Decimal text.
    #[schema(example = "19.98")]
    amount: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: &'static str,
    /// Status of the order: `payment_pending`.
    status: Status,
}

impl From<&Order> for PaymentDue {
    fn from(order: &Order) -> Self {
        Self {
            order_id: order.id,
            user_id: order.user_id,
            amount: order.total.to_decimal(),
            currency: order.total.currency().code(),
            status: order.status,
        }
    }
}
