//! What goes over the wire. Separate from the domain: a client can neither set nor see more than is written here.

use chrono::{DateTime, Utc};
use ecotrack_chassis::ApiError;
use ecotrack_events::Money;
use ecotrack_events::money::MoneyError;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::method::Method;
use crate::domain::payment::Payment;
use crate::domain::token::PaymentToken;
use crate::payments::Offer;

/// A request to pay an order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentRequest {
    order_id: Uuid,
    /// Decimal text, exactly what the order costs, for example `19.98`.
    amount: String,
    /// ISO 4217.
    currency: String,
    method: Method,
    /// The provider's token for a card or wallet; never a card number.
    #[schema(value_type = String, max_length = 255)]
    payment_token: SecretString,
}

/// What makes two requests the same; the token is part of it, as the digest it ends up in tells nothing of it.
#[derive(Serialize)]
pub(super) struct Identity<'a> {
    order_id: Uuid,
    amount: &'a str,
    currency: &'a str,
    method: Method,
    payment_token: &'a str,
}

impl PaymentRequest {
    /// What exactly is asked for.
    pub(super) fn identity(&self) -> Identity<'_> {
        Identity {
            order_id: self.order_id,
            amount: &self.amount,
            currency: &self.currency,
            method: self.method,
            payment_token: self.payment_token.expose_secret(),
        }
    }

    /// What is offered.
    pub(super) fn offer(&self) -> Result<Offer, ApiError> {
        let amount = Money::parse(&self.amount, &self.currency).map_err(|error| {
            let pointer =
                if matches!(error, MoneyError::Currency(_)) { "/currency" } else { "/amount" };
            ApiError::invalid_field(pointer, error.to_string())
        })?;
        let token = PaymentToken::parse(self.payment_token.expose_secret())
            .map_err(|error| ApiError::invalid_field("/payment_token", error.to_string()))?;
        Ok(Offer { order_id: self.order_id, amount, method: self.method, token })
    }
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentView {
    payment_id: Uuid,
    order_id: Uuid,
    user_id: Uuid,
    /// Decimal text.
    amount: String,
    /// ISO 4217.
    currency: &'static str,
    method: Method,
    /// `stripe` or `paypal`.
    gateway: &'static str,
    /// `initiated`, `pending`, `processed`, `failed`, `refund_pending` or `refunded`.
    status: &'static str,
    /// The provider's own id of the charge.
    provider_reference: Option<String>,
    /// Why it failed, in a word.
    failure_reason: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<&Payment> for PaymentView {
    fn from(payment: &Payment) -> Self {
        Self {
            payment_id: payment.id,
            order_id: payment.order_id,
            user_id: payment.user_id,
            amount: payment.amount.to_decimal(),
            currency: payment.amount.currency().code(),
            method: payment.method,
            gateway: payment.method.gateway().name(),
            status: payment.status.name(),
            provider_reference: payment.provider_reference.clone(),
            failure_reason: payment.failure_reason.clone(),
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}
