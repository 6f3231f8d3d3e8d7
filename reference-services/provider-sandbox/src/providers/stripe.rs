//! Stripe: payment intents and refunds, form-encoded, amounts in minor units.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{DECLINED_TOKEN, new_id};
use crate::exchange::{Answer, Operation};

/// Fields of a form, `metadata[…]` included.
pub type Form = BTreeMap<String, String>;

/// A charge: created, confirmed and captured in one request.
#[derive(Debug)]
pub struct PaymentIntent {
    amount: i64,
    currency: String,
    payment_method: String,
    metadata: Map<String, Value>,
}

impl PaymentIntent {
    /// Reads the form; the answer to a bad one names the parameter.
    pub fn parse(form: &Form) -> Result<Self, Answer> {
        Ok(Self {
            amount: amount(form)?
                .ok_or_else(|| invalid("amount", "Missing required param: amount."))?,
            currency: required(form, "currency")?,
            payment_method: required(form, "payment_method")?,
            metadata: metadata(form),
        })
    }

    fn intent(&self, id: &str, status: &str, received: i64) -> Value {
        json!({
            "id": id, "object": "payment_intent", "amount": self.amount, "amount_received": received,
            "currency": self.currency, "status": status, "payment_method": self.payment_method,
            "metadata": self.metadata,
        })
    }
}

impl Operation for PaymentIntent {
    fn accepted(&self) -> Answer {
        let id = new_id("pi_");
        Answer::made(StatusCode::OK, self.intent(&id, "succeeded", self.amount), id)
    }

    fn declined(&self) -> Answer {
        let id = new_id("pi_");
        let body = json!({"error": {
            "type": "card_error", "code": "card_declined", "decline_code": "generic_decline",
            "message": "Your card was declined.",
            "payment_intent": self.intent(&id, "requires_payment_method", 0),
        }});
        Answer::made(StatusCode::PAYMENT_REQUIRED, body, id)
    }

    fn failed(&self) -> Answer {
        failed()
    }

    fn wants_decline(&self) -> bool {
        self.payment_method == DECLINED_TOKEN
    }
}

/// Money back for a captured charge.
#[derive(Debug)]
pub struct Refund {
    payment_intent: String,
    amount: Option<i64>,
    metadata: Map<String, Value>,
}

impl Refund {
    /// Reads the form; the answer to a bad one names the parameter.
    pub fn parse(form: &Form) -> Result<Self, Answer> {
        Ok(Self {
            payment_intent: required(form, "payment_intent")?,
            amount: amount(form)?,
            metadata: metadata(form),
        })
    }

    /// The charge to pay back.
    #[must_use]
    pub fn payment_intent(&self) -> &str {
        &self.payment_intent
    }
}

impl Operation for Refund {
    fn accepted(&self) -> Answer {
        let id = new_id("re_");
        let body = json!({
            "id": id, "object": "refund", "amount": self.amount, "payment_intent": self.payment_intent,
            "status": "succeeded", "metadata": self.metadata,
        });
        Answer::made(StatusCode::OK, body, id)
    }

    fn declined(&self) -> Answer {
        error(
            StatusCode::BAD_REQUEST,
            &json!({
                "type": "invalid_request_error", "code": "charge_not_refundable",
                "message": "This charge cannot be refunded.",
            }),
        )
    }

    fn failed(&self) -> Answer {
        failed()
    }
}

/// The answer to a request without an API key.
#[must_use]
pub fn unauthenticated() -> Answer {
    error(
        StatusCode::UNAUTHORIZED,
        &json!({
            "type": "invalid_request_error", "message": "You did not provide an API key.",
        }),
    )
}

/// The answer when an idempotency key comes back with other parameters.
#[must_use]
pub fn key_reused() -> Answer {
    error(
        StatusCode::BAD_REQUEST,
        &json!({
            "type": "idempotency_error",
            "message": "Keys for idempotent requests can only be used with the same parameters they were first used with.",
        }),
    )
}

/// The answer to a refund of a charge that was never made.
#[must_use]
pub fn no_such_intent(id: &str) -> Answer {
    error(
        StatusCode::NOT_FOUND,
        &json!({
            "type": "invalid_request_error", "code": "resource_missing", "param": "payment_intent",
            "message": format!("No such payment_intent: '{id}'"),
        }),
    )
}

fn failed() -> Answer {
    error(
        StatusCode::INTERNAL_SERVER_ERROR,
        &json!({"type": "api_error", "message": "An unknown error occurred."}),
    )
}

fn invalid(param: &str, message: &str) -> Answer {
    error(
        StatusCode::BAD_REQUEST,
        &json!({"type": "invalid_request_error", "param": param, "message": message}),
    )
}

fn error(status: StatusCode, error: &Value) -> Answer {
    Answer::plain(status, json!({ "error": error }))
}

fn required(form: &Form, name: &str) -> Result<String, Answer> {
    match form.get(name) {
        Some(value) if !value.is_empty() => Ok(value.clone()),
        _ => Err(invalid(name, &format!("Missing required param: {name}."))),
    }
}

fn amount(form: &Form) -> Result<Option<i64>, Answer> {
    let Some(text) = form.get("amount") else { return Ok(None) };
    match text.parse() {
        Ok(amount) if amount > 0 => Ok(Some(amount)),
        _ => Err(invalid("amount", "This value must be greater than or equal to 1.")),
    }
}

fn metadata(form: &Form) -> Map<String, Value> {
    form.iter()
        .filter_map(|(name, value)| {
            let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
            Some((name.to_owned(), Value::String(value.clone())))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Form {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_charge_tells_what_it_took_and_for_whom() {
        let fields = [
            ("amount", "1999"),
            ("currency", "usd"),
            ("payment_method", "tok_visa"),
            ("metadata[order_id]", "o-1"),
        ];
        let answer = PaymentIntent::parse(&form(&fields)).unwrap().accepted();
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body["amount_received"], 1999);
        assert_eq!(answer.body["metadata"]["order_id"], "o-1");
        assert_eq!(answer.reference.as_deref(), answer.body["id"].as_str());
    }

    #[test]
    fn the_declined_token_asks_for_a_decline() {
        let fields = [("amount", "1"), ("currency", "usd"), ("payment_method", DECLINED_TOKEN)];
        let intent = PaymentIntent::parse(&form(&fields)).unwrap();
        assert!(intent.wants_decline());
        assert_eq!(intent.declined().status, StatusCode::PAYMENT_REQUIRED);
    }

    #[test]
    fn a_bad_parameter_is_named() {
        for (amount, param) in [("0", "amount"), ("x", "amount"), ("5", "currency")] {
            let answer = PaymentIntent::parse(&form(&[("amount", amount)])).unwrap_err();
            assert_eq!(answer.body["error"]["param"], param);
        }
    }
}
