//! What goes over the wire. Separate from the domain: a client can neither set nor see more than is written here.

use chrono::{DateTime, Utc};
use ecotrack_chassis::ApiError;
use ecotrack_events::Money;
use ecotrack_events::money::MoneyError;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
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
    /// Decimal text, more than zero, exactly what the order costs, for example `19.98`.
    #[schema(pattern = r"^(?!0+\.00$)[0-9]{1,12}\.[0-9]{2}$", example = "19.98")]
    amount: String,
    currency: CurrencyCode,
    method: Method,
    /// The provider's token for a card or wallet; never a card number.
    #[schema(value_type = String, min_length = 1, max_length = 255, pattern = "^[0-9_-]*[A-Za-z][A-Za-z0-9_-]*$", example = "tok_visa")]
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
            currency: &self.currency.0,
            method: self.method,
            payment_token: self.payment_token.expose_secret(),
        }
    }

    /// What is offered.
    pub(super) fn offer(&self) -> Result<Offer, ApiError> {
        let amount = money(&self.amount, &self.currency.0)?;
        if amount.amount_minor() < 1 {
            return Err(ApiError::invalid_field("/amount", "must be more than zero"));
        }
        let token = PaymentToken::parse(self.payment_token.expose_secret())
            .map_err(|error| ApiError::invalid_field("/payment_token", error.to_string()))?;
        Ok(Offer { order_id: self.order_id, amount, method: self.method, token })
    }
}

/// A request to pay back. Without an amount all that is left goes back.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundRequest {
    amount: Option<String>,
    currency: Option<CurrencyCode>,
}

impl ToSchema for RefundRequest {}

/// By hand, as a derived one cannot say that the two belong together.
impl PartialSchema for RefundRequest {
    fn schema() -> RefOr<Schema> {
        let object = || {
            ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(false)))
        };
        let null = || ObjectBuilder::new().schema_type(Type::Null);
        let all = object().property("amount", null()).property("currency", null());
        let amount = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^(?!0+\.00$)[0-9]{1,12}\.[0-9]{2}$"))
            .description(Some("Decimal text, more than zero, at most what is left of the payment"));
        let part = object()
            .property("amount", amount)
            .property("currency", CurrencyCode::schema())
            .required("amount")
            .required("currency");
        let either = OneOfBuilder::new().item(part).item(all);
        either
            .description(Some("What shall go back; empty for all that is left"))
            .examples([json!({"amount": "5.00", "currency": "USD"})])
            .into()
    }
}

impl RefundRequest {
    /// How much is asked for; nothing said is everything.
    pub(super) fn asked(&self) -> Result<Option<Money>, ApiError> {
        match (&self.amount, &self.currency) {
            (Some(amount), Some(currency)) => money(amount, &currency.0).map(Some),
            (None, None) => Ok(None),
            (Some(_), None) => Err(ApiError::invalid_field("/currency", "belongs to an amount")),
            (None, Some(_)) => Err(ApiError::invalid_field("/amount", "belongs to a currency")),
        }
    }
}

/// An ISO 4217 code.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(value_type = String, pattern = "^(EUR|USD|GBP)$", example = "USD")]
pub(crate) struct CurrencyCode(String);

fn money(amount: &str, currency: &str) -> Result<Money, ApiError> {
    Money::parse(amount, currency).map_err(|error| {
        let pointer = if error == MoneyError::Currency { "/currency" } else { "/amount" };
        ApiError::invalid_field(pointer, error.to_string())
    })
}

/// A key as the interface describes it.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
#[allow(dead_code, reason = "only its description is used")]
pub(super) struct IdempotencyKeyText(String);

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
    /// `initiated`, `pending`, `processed`, `failed`, `refund_pending`, `partially_refunded` or `refunded`.
    status: &'static str,
    /// What has gone back so far, as decimal text.
    refunded_amount: String,
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
            refunded_amount: payment.refunded.to_decimal(),
            provider_reference: payment.provider_reference.clone(),
            failure_reason: payment.failure_reason.clone(),
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}
