//! Rows as the tables have them, and the way back into the domain.

use chrono::{DateTime, Utc};
use ecotrack_events::{Currency, Money};
use uuid::Uuid;

use crate::domain::change::Actor;
use crate::domain::history::Entry;
use crate::domain::order::{Line, Order};
use crate::domain::payment_method::PaymentMethod;
use crate::domain::status::Status;

/// A value that the table admits and the domain does not know: a newer version wrote it.
#[derive(Debug, thiserror::Error)]
#[error("column {column} holds `{value}`, which this version does not know")]
struct Unknown {
    column: &'static str,
    value: String,
}

#[derive(sqlx::FromRow)]
pub(super) struct OrderRow {
    pub(super) id: Uuid,
    user_id: Uuid,
    status: String,
    total_amount: i64,
    currency: String,
    payment_method: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    pub(super) reserved_until: DateTime<Utc>,
    payment_id: Option<Uuid>,
}

#[derive(sqlx::FromRow)]
pub(super) struct ItemRow {
    order_id: Uuid,
    product_id: Uuid,
    quantity: i32,
    unit_price: i64,
}

#[derive(sqlx::FromRow)]
pub(super) struct HistoryRow {
    status: String,
    changed_at: DateTime<Utc>,
    actor: String,
    notes: Option<String>,
}

impl HistoryRow {
    pub(super) fn entry(self) -> sqlx::Result<Entry> {
        Ok(Entry {
            status: known("status", &self.status, Status::from_name(&self.status))?,
            at: self.changed_at,
            actor: known("actor", &self.actor, Actor::from_name(&self.actor))?,
            reason: self.notes,
        })
    }
}

impl OrderRow {
    pub(super) fn order(self, items: &[ItemRow]) -> sqlx::Result<Order> {
        let currency = known("currency", &self.currency, Currency::parse(&self.currency).ok())?;
        Ok(Order {
            id: self.id,
            user_id: self.user_id,
            status: known("status", &self.status, Status::from_name(&self.status))?,
            total: Money::from_minor(self.total_amount, currency),
            payment_method: known(
                "payment_method",
                &self.payment_method,
                PaymentMethod::from_name(&self.payment_method),
            )?,
            lines: items
                .iter()
                .filter(|item| item.order_id == self.id)
                .map(|item| item.line(currency))
                .collect(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            reserved_until: self.reserved_until,
            payment_id: self.payment_id,
        })
    }
}

impl ItemRow {
    fn line(&self, currency: Currency) -> Line {
        Line {
            product_id: self.product_id,
            // The table's check keeps quantities positive.
            quantity: self.quantity.unsigned_abs(),
            unit_price: Money::from_minor(self.unit_price, currency),
        }
    }
}

fn known<T>(column: &'static str, value: &str, parsed: Option<T>) -> sqlx::Result<T> {
    parsed.ok_or_else(|| sqlx::Error::Decode(Box::new(Unknown { column, value: value.to_owned() })))
}
