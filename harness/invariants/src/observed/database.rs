//! Rows of the services' tables: what the invariants look at, and no personal data.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Payload;

/// The tables, as one snapshot shows them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// `order_service.orders` with `order_items`.
    pub orders: Vec<Order>,
    /// `order_service.order_history`.
    pub order_history: Vec<HistoryEntry>,
    /// `order_service.reservation_intents`: orders that are being placed. Histories from before do not tell.
    #[serde(default)]
    pub attempts: Vec<Uuid>,
    /// `payment_service.payments`.
    pub payments: Vec<Payment>,
    /// Every service's `idempotency_keys`.
    pub kept_answers: Vec<KeptAnswer>,
    /// `product_service.products`.
    pub products: Vec<Product>,
    /// `product_service.reservations`.
    pub reservations: Vec<Reservation>,
    /// `notification_service.notifications`.
    pub notifications: Vec<Notification>,
    /// `notification_service.contact_preferences`; a user without any is told everything.
    pub preferences: Vec<Preference>,
    /// `user_service.users`: ids alone.
    pub users: Vec<Uuid>,
    /// Every service's `outbox`.
    pub outbox: Vec<OutboxRow>,
    /// Every service's `inbox`.
    pub inbox: Vec<Claim>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// Where it stands.
    pub status: String,
    /// What it costs, in minor units.
    pub total_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// The payment that was let in, or else the one that took the money. Histories from before do not tell.
    #[serde(default)]
    pub payment_id: Option<Uuid>,
    /// Its lines.
    pub items: Vec<OrderItem>,
}

/// One line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderItem {
    /// What.
    pub product_id: Uuid,
    /// How many.
    pub quantity: i64,
    /// Price of one, in minor units.
    pub unit_price_minor: i64,
}

/// A step in an order's life, as order-service wrote it down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Which order.
    pub order_id: Uuid,
    /// The status it reached.
    pub status: String,
    /// Why, in a word.
    pub notes: Option<String>,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id.
    pub id: Uuid,
    /// The order it pays.
    pub order_id: Uuid,
    /// Who pays.
    pub user_id: Uuid,
    /// In minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// Where it stands.
    pub status: String,
    /// The provider's id of the charge.
    pub provider_reference: Option<String>,
}

/// The first answer under an idempotency key, kept to be given again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAnswer {
    /// The service that keeps it.
    pub service: String,
    /// Whose key.
    pub user_id: Uuid,
    /// Of what.
    pub operation: String,
    /// The key.
    pub key: String,
    /// What the request makes.
    pub subject_id: Uuid,
    /// HTTP status, once answered.
    pub status: Option<i32>,
    /// The answer's text, once answered.
    pub body: Option<String>,
}

/// A product's stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its id.
    pub id: Uuid,
    /// How many can still be reserved.
    pub available: i64,
    /// Every piece there ever was: available, held and sold together.
    pub supplied: i64,
}

/// Stock that an order holds or held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// For which order.
    pub order_id: Uuid,
    /// Of what.
    pub product_id: Uuid,
    /// How many.
    pub quantity: i64,
    /// `held`, `sold`, `released` or `expired`.
    pub status: String,
    /// When it ends by itself; never, once a payment is under way.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Its id.
    pub id: Uuid,
    /// Who is told.
    pub user_id: Uuid,
    /// Of which event.
    pub event_id: Uuid,
    /// On which way.
    pub channel: String,
    /// Where it stands.
    pub status: String,
}

/// What a user wants to be told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preference {
    /// Who.
    pub user_id: Uuid,
    /// Of what, on any channel: `account`, `orders`, `payments`, `security`.
    pub wanted: Vec<String>,
}

/// An event that was committed with its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// The service that said so.
    pub service: String,
    /// Order of writing within the service.
    pub position: i64,
    /// Identity of the event.
    pub event_id: Uuid,
    /// Where it belongs.
    pub topic: String,
    /// The aggregate.
    pub key: String,
    /// `ce_type`.
    pub event_type: String,
    /// The event.
    pub payload: Payload,
    /// Whether the relay marked it as published.
    pub is_sent: bool,
}

/// An event that a consumer claims to have handled.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Claim {
    /// The consumer.
    pub consumer: String,
    /// The event.
    pub event_id: Uuid,
}
