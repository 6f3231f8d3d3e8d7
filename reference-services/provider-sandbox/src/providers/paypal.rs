//! PayPal: orders that are captured at once, and refunds of captures. Amounts are decimal text.

mod refund;
mod transactions;

use axum::http::StatusCode;
use chrono::{SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{DECLINED_TOKEN, minor_units, new_id};
use crate::exchange::{Answer, Movement, Operation, Outcome};
use crate::webhook::Webhook;

pub use refund::{CaptureRefund, Refund};
pub use transactions::transactions;

/// A wallet payment.
#[derive(Debug, Deserialize)]
pub struct CheckoutOrder {
    intent: String,
    purchase_units: Vec<PurchaseUnit>,
    payment_source: PaymentSource,
}

#[derive(Debug, Deserialize)]
struct PurchaseUnit {
    reference_id: String,
    custom_id: Option<String>,
    amount: Amount,
}

#[derive(Debug, Deserialize)]
struct Amount {
    currency_code: String,
    value: String,
}

#[derive(Debug, Deserialize)]
struct PaymentSource {
    token: Token,
}

#[derive(Debug, Deserialize)]
struct Token {
    id: String,
}

impl CheckoutOrder {
    /// Reads the document; the answer to a bad one says what is wrong.
    pub fn parse(document: &Value) -> Result<Self, Answer> {
        let order = Self::deserialize(document).map_err(|error| invalid(&error.to_string()))?;
        if order.intent != "CAPTURE" || order.purchase_units.len() != 1 {
            return Err(invalid("intent must be CAPTURE with one purchase unit"));
        }
        if order.purchase_units.iter().any(|unit| minor_units(&unit.amount.value).is_none()) {
            return Err(invalid("amount.value must be a positive amount with two decimals"));
        }
        Ok(order)
    }

    fn captures(&self, capture: &str) -> Vec<Value> {
        self.purchase_units
            .iter()
            .map(|unit| {
                let amount =
                    json!({"currency_code": unit.amount.currency_code, "value": unit.amount.value});
                let captured = json!({"id": capture, "status": "COMPLETED", "amount": amount, "custom_id": unit.custom_id});
                json!({"reference_id": unit.reference_id, "payments": {"captures": [captured]}})
            })
            .collect()
    }
}

impl Operation for CheckoutOrder {
    fn accepted(&self) -> Answer {
        let capture = new_id("CAP-");
        let body = json!({
            "id": new_id("ORD-"), "status": "COMPLETED", "intent": self.intent, "purchase_units": self.captures(&capture),
        });
        Answer::made(StatusCode::CREATED, body, capture)
    }

    fn declined(&self) -> Answer {
        unprocessable("INSTRUMENT_DECLINED", "The instrument presented was declined.")
    }

    fn failed(&self) -> Answer {
        failed()
    }

    fn wants_decline(&self) -> bool {
        self.payment_source.token.id == DECLINED_TOKEN
    }

    fn movement(&self) -> Option<Movement> {
        let amount = &self.purchase_units.first()?.amount;
        Some(Movement {
            amount_minor: minor_units(&amount.value)?,
            currency: amount.currency_code.to_uppercase(),
            parent: None,
        })
    }

    fn webhook(&self, outcome: Outcome, answer: &Answer, _: i64) -> Option<Webhook> {
        let unit = self.purchase_units.first()?;
        let amount =
            json!({"currency_code": unit.amount.currency_code, "value": unit.amount.value});
        let (kind, status) = match outcome {
            Outcome::Accepted => ("PAYMENT.CAPTURE.COMPLETED", "COMPLETED"),
            Outcome::Declined => ("PAYMENT.CAPTURE.DENIED", "DECLINED"),
            Outcome::Replayed | Outcome::Refused | Outcome::Failed | Outcome::Unanswered => {
                return None;
            }
        };
        let capture = json!({"id": answer.reference, "status": status, "amount": amount, "custom_id": unit.custom_id});
        Some(event(kind, "capture", &capture))
    }
}

/// An event as it is told to the customer.
fn event(kind: &str, resource_type: &str, resource: &Value) -> Webhook {
    let id = new_id("WH-");
    let created = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let document = json!({
        "id": id, "event_type": kind, "resource_type": resource_type, "create_time": created, "resource": resource,
    });
    Webhook::json(id, &document)
}

/// The answer to a request without a credential.
#[must_use]
pub fn unauthenticated() -> Answer {
    Answer::plain(
        StatusCode::UNAUTHORIZED,
        json!({"error": "invalid_client", "error_description": "Client Authentication failed"}),
    )
}

/// The answer when a request id comes back with another document.
#[must_use]
pub fn key_reused() -> Answer {
    unprocessable(
        "PAYPAL_REQUEST_ID_PREVIOUSLY_USED",
        "The request id was used for another request.",
    )
}

/// The answer to a refund of a capture that was never made.
#[must_use]
pub fn no_such_capture() -> Answer {
    Answer::plain(
        StatusCode::NOT_FOUND,
        json!({"name": "RESOURCE_NOT_FOUND", "message": "The specified resource does not exist."}),
    )
}

/// The answer when the provider is broken.
#[must_use]
pub fn failed() -> Answer {
    Answer::plain(
        StatusCode::INTERNAL_SERVER_ERROR,
        json!({"name": "INTERNAL_SERVER_ERROR", "message": "An internal server error occurred."}),
    )
}

fn invalid(description: &str) -> Answer {
    Answer::plain(
        StatusCode::BAD_REQUEST,
        json!({"name": "INVALID_REQUEST", "message": description}),
    )
}

fn unprocessable(issue: &str, description: &str) -> Answer {
    let details = json!([{"issue": issue, "description": description}]);
    Answer::plain(
        StatusCode::UNPROCESSABLE_ENTITY,
        json!({"name": "UNPROCESSABLE_ENTITY", "details": details}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(token: &str) -> Value {
        json!({
            "intent": "CAPTURE",
            "purchase_units": [{"reference_id": "o-1", "amount": {"currency_code": "USD", "value": "19.99"}}],
            "payment_source": {"token": {"id": token, "type": "SETUP_TOKEN"}},
        })
    }

    #[test]
    fn a_wallet_payment_is_referred_to_by_its_capture() {
        let answer = CheckoutOrder::parse(&document("tok_wallet")).unwrap().accepted();
        let capture = &answer.body["purchase_units"][0]["payments"]["captures"][0];
        assert_eq!(capture["amount"]["value"], "19.99");
        assert_eq!(answer.reference.as_deref(), capture["id"].as_str());
    }

    #[test]
    fn the_declined_token_asks_for_a_decline() {
        assert!(CheckoutOrder::parse(&document(DECLINED_TOKEN)).unwrap().wants_decline());
    }

    #[test]
    fn an_incomplete_document_is_refused() {
        assert_eq!(CheckoutOrder::parse(&json!({})).unwrap_err().status, StatusCode::BAD_REQUEST);
    }
}
