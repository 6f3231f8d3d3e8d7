//! PayPal: orders that are captured at once, and refunds of captures. Amounts are decimal text.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{DECLINED_TOKEN, new_id};
use crate::exchange::{Answer, Operation};

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
        Ok(order)
    }

    fn captures(&self, capture: &str) -> Vec<Value> {
        self.purchase_units
            .iter()
            .map(|unit| {
                let amount =
                    json!({"currency_code": unit.amount.currency_code, "value": unit.amount.value});
                let captured = json!({"id": capture, "status": "COMPLETED", "amount": amount});
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
}

/// Money back for a capture.
#[derive(Debug)]
pub struct CaptureRefund {
    /// The capture to pay back.
    pub capture: String,
}

impl Operation for CaptureRefund {
    fn accepted(&self) -> Answer {
        let id = new_id("REF-");
        Answer::made(
            StatusCode::CREATED,
            json!({"id": id, "status": "COMPLETED", "capture_id": self.capture}),
            id,
        )
    }

    fn declined(&self) -> Answer {
        unprocessable("REFUND_NOT_ALLOWED", "This capture cannot be refunded.")
    }

    fn failed(&self) -> Answer {
        failed()
    }
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

fn failed() -> Answer {
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
