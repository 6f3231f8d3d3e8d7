//! Rows as the tables have them, and the way back into the domain.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ecotrack_events::{Currency, Money};
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::method::Method;
use crate::domain::payment::Payment;
use crate::domain::refund::{Refund, RefundStatus};
use crate::domain::status::Status;
use crate::domain::token::PaymentToken;

/// Headers that tell of the request a row belongs to.
pub(crate) type TraceContext = HashMap<String, String>;

/// A value that the table admits and the domain does not know: a newer version wrote it.
#[derive(Debug, thiserror::Error)]
#[error("column {column} of payment {id} holds a value that this version does not know")]
struct Unknown {
    column: &'static str,
    id: Uuid,
}

#[derive(sqlx::FromRow)]
pub(super) struct PaymentRow {
    id: Uuid,
    order_id: Uuid,
    user_id: Uuid,
    amount: i64,
    currency: String,
    method: String,
    status: String,
    refunded: i64,
    provider_reference: Option<String>,
    failure_reason: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
pub(super) struct RefundRow {
    id: Uuid,
    amount: i64,
    covered_at: i64,
    status: String,
    provider_reference: Option<String>,
    failure_reason: Option<String>,
}

#[derive(sqlx::FromRow)]
pub(super) struct OpenRow {
    #[sqlx(flatten)]
    payment: PaymentRow,
    payment_token: Option<String>,
    attempts: i32,
    trace_context: Json<TraceContext>,
}

/// A payment whose outcome is open, with all it takes to ask again.
pub(crate) struct Open {
    /// The payment.
    pub(crate) payment: Payment,
    /// What the provider takes the money with; gone once it was taken.
    pub(crate) token: Option<PaymentToken>,
    /// How often it was asked again.
    pub(crate) attempts: u32,
    /// The request it belongs to.
    pub(crate) context: TraceContext,
}

impl PaymentRow {
    pub(super) fn payment(self) -> sqlx::Result<Payment> {
        let currency = known("currency", self.id, Currency::parse(&self.currency).ok())?;
        Ok(Payment {
            id: self.id,
            order_id: self.order_id,
            user_id: self.user_id,
            amount: Money::from_minor(self.amount, currency),
            method: known("method", self.id, Method::from_name(&self.method))?,
            status: known("status", self.id, Status::from_name(&self.status))?,
            refunded: Money::from_minor(self.refunded, currency),
            refund: None,
            provider_reference: self.provider_reference,
            failure_reason: self.failure_reason,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl RefundRow {
    pub(super) fn refund(self, payment: &Payment) -> sqlx::Result<Refund> {
        Ok(Refund {
            id: self.id,
            amount: Money::from_minor(self.amount, payment.amount.currency()),
            covered_at: self.covered_at,
            status: known("status of a refund", payment.id, RefundStatus::from_name(&self.status))?,
            provider_reference: self.provider_reference,
            failure_reason: self.failure_reason,
        })
    }
}

impl OpenRow {
    pub(super) fn open(self) -> sqlx::Result<Open> {
        let id = self.payment.id;
        let token = self
            .payment_token
            .map(|token| known("payment_token", id, PaymentToken::parse(&token).ok()));
        Ok(Open {
            payment: self.payment.payment()?,
            token: token.transpose()?,
            attempts: self.attempts.unsigned_abs(),
            context: self.trace_context.0,
        })
    }
}

pub(super) fn known<T>(column: &'static str, id: Uuid, parsed: Option<T>) -> sqlx::Result<T> {
    parsed.ok_or_else(|| sqlx::Error::Decode(Box::new(Unknown { column, id })))
}
