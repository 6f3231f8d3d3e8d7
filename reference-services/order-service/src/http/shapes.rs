//! What goes over the wire. Separate from the domain: a client can neither set nor see more than is written here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::cart::{Cart, CartError};
use crate::domain::order::{Line, Order};
use crate::domain::payment_method::PaymentMethod;

/// A request to place an order. It has no prices: those are the catalogue's.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderRequest {
    /// What is ordered, each product once.
    #[schema(min_items = 1, max_items = 50)]
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
pub(crate) struct OrderView {
    order_id: Uuid,
    user_id: Uuid,
    /// `created`, `payment_pending`, `paid`, `completed`, `cancelled` or `refunded`.
    status: &'static str,
    /// Decimal text, for example `19.98`.
    total_amount: String,
    /// ISO 4217.
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
    unit_price: String,
}

impl From<&Order> for OrderView {
    fn from(order: &Order) -> Self {
        Self {
            order_id: order.id,
            user_id: order.user_id,
            status: order.status.name(),
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

/// A page of orders, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderPage {
    /// The orders.
    pub(crate) items: Vec<OrderView>,
    /// Ask with this for the next page; absent on the last one.
    pub(crate) next_cursor: Option<Uuid>,
}

/// What is owed for an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentDue {
    order_id: Uuid,
    user_id: Uuid,
    /// Decimal text.
    amount: String,
    /// ISO 4217.
    currency: &'static str,
    /// Status of the order: `payment_pending`.
    status: &'static str,
}

impl From<&Order> for PaymentDue {
    fn from(order: &Order) -> Self {
        Self {
            order_id: order.id,
            user_id: order.user_id,
            amount: order.total.to_decimal(),
            currency: order.total.currency().code(),
            status: order.status.name(),
        }
    }
}
