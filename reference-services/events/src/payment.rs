//! Payloads of `payment-events`. Card data never leaves the provider.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Money;

/// A payment was accepted and is on its way to the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PaymentInitiated {
    /// The payment.
    pub payment_id: Uuid,
    /// The order it pays.
    pub order_id: Uuid,
    /// The customer who pays.
    pub user_id: Uuid,
    /// What is paid.
    pub amount: Money,
    /// Who moves the money: `stripe` or `paypal`.
    pub gateway: String,
    /// How the customer pays: `card` or `paypal`.
    pub method: String,
    /// When.
    pub initiated_at: DateTime<Utc>,
}

/// The provider took the money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PaymentProcessed {
    /// The payment.
    pub payment_id: Uuid,
    /// The order it pays.
    pub order_id: Uuid,
    /// The customer who pays.
    pub user_id: Uuid,
    /// What is paid.
    pub amount: Money,
    /// Who moves the money: `stripe` or `paypal`.
    pub gateway: String,
    /// How the customer pays: `card` or `paypal`.
    pub method: String,
    /// The provider's own id of the charge.
    pub provider_reference: String,
    /// When.
    pub processed_at: DateTime<Utc>,
}

/// The provider refused, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PaymentFailed {
    /// The payment.
    pub payment_id: Uuid,
    /// The order it pays.
    pub order_id: Uuid,
    /// The customer who pays.
    pub user_id: Uuid,
    /// What is paid.
    pub amount: Money,
    /// Who moves the money: `stripe` or `paypal`.
    pub gateway: String,
    /// How the customer pays: `card` or `paypal`.
    pub method: String,
    /// The provider's reason, in a word.
    pub reason: String,
    /// When.
    pub failed_at: DateTime<Utc>,
}

/// Money went back: all of it or a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PaymentRefunded {
    /// The payment.
    pub payment_id: Uuid,
    /// The order it pays.
    pub order_id: Uuid,
    /// The customer who pays.
    pub user_id: Uuid,
    /// What was refunded this time.
    pub amount: Money,
    /// Who moves the money: `stripe` or `paypal`.
    pub gateway: String,
    /// How the customer pays: `card` or `paypal`.
    pub method: String,
    /// The provider's own id of the charge.
    pub provider_reference: String,
    /// When.
    pub refunded_at: DateTime<Utc>,
    /// All that has gone back so far, this time included. Absent in old events, which tell of full refunds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_total: Option<Money>,
    /// The refund. Absent in old events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<Uuid>,
}
