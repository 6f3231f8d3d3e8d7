//! Stripe: payment intents and refunds, form-encoded, amounts in minor units.

mod refund;

use std::collections::BTreeMap;

use axum::http::StatusCode;
use chrono::Utc;
use serde_json::{Map, Value, json};

use super::{DECLINED_TOKEN, new_id};
use crate::exchange::{Answer, Movement, Operation, Outcome};
use crate::webhook::Webhook;

pub use refund::{ChargeRefund, Refund};

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

    fn movement(&self) -> Option<Movement> {
        let currency = self.currency.to_uppercase();
        Some(Movement { amount_minor: self.amount, currency, parent: None })
    }

    fn webhook(&self, outcome: Outcome, answer: &Answer, _: i64) -> Option<Webhook> {
        let kind = match outcome {
            Outcome::Accepted => "payment_intent.succeeded",
            Outcome::Declined => "payment_intent.payment_failed",
            Outcome::Replayed | Outcome::Refused | Outcome::Failed | Outcome::Unanswered => {
                return None;
            }
        };
        Some(event(kind, &intent_of(&answer.body)))
    }
}

/// An event as it is told to the customer.
fn event(kind: &str, object: &Value) -> Webhook {
    let id = new_id("evt_");
    let created = Utc::now().timestamp();
    let document = json!({"id": id, "object": "event", "type": kind, "created": created, "data": {"object": object}});
    Webhook::json(id, &document)
}

/// The intent in an answer: alone, or in the error that refuses it.
fn intent_of(answer: &Value) -> Value {
    let Some(error) = answer.get("error") else { return answer.clone() };
    let mut intent = error["payment_intent"].clone();
    intent["last_payment_error"] =
        json!({"code": error["code"], "decline_code": error["decline_code"]});
    intent
}

/// The answer to a search: the intents in the answers that were given.
#[must_use]
pub fn search_result(answers: &[Value]) -> Answer {
    let data: Vec<_> = answers.iter().map(intent_of).collect();
    let body = json!({"object": "search_result", "url": "/v1/payment_intents/search", "has_more": false, "data": data});
    Answer::plain(StatusCode::OK, body)
}

/// The payment id that a search is for: `metadata['payment_id']:'<id>'` is the only one that is played.
pub fn searched_payment(query: &str) -> Result<&str, Answer> {
    query
        .strip_prefix("metadata['payment_id']:'")
        .and_then(|rest| rest.strip_suffix('\''))
        .filter(|id| !id.is_empty() && !id.contains('\''))
        .ok_or_else(|| invalid("query", "We were unable to parse your search query."))
}

/// The answer to a list.
#[must_use]
pub fn list(data: &[Value]) -> Answer {
    let body = json!({"object": "list", "url": "/v1/refunds", "has_more": false, "data": data});
    Answer::plain(StatusCode::OK, body)
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

/// The answer when the provider is broken.
#[must_use]
pub fn failed() -> Answer {
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
    fn a_search_finds_refused_charges_too() {
        let intent = PaymentIntent::parse(&form(&[
            ("amount", "1"),
            ("currency", "usd"),
            ("payment_method", DECLINED_TOKEN),
        ]))
        .unwrap();
        let found = search_result(&[intent.accepted().body, intent.declined().body]).body;
        assert_eq!(found["data"][0]["status"], "succeeded");
        assert_eq!(found["data"][1]["status"], "requires_payment_method");
        assert_eq!(found["data"][1]["last_payment_error"]["decline_code"], "generic_decline");
    }

    #[test]
    fn only_one_kind_of_search_is_understood() {
        assert_eq!(searched_payment("metadata['payment_id']:'p-1'"), Ok("p-1"));
        for bad in
            ["", "metadata['payment_id']:''", "amount>1", "metadata['payment_id']:'a' OR 'b'"]
        {
            assert!(searched_payment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bad_parameter_is_named() {
        for (amount, param) in [("0", "amount"), ("x", "amount"), ("5", "currency")] {
            let answer = PaymentIntent::parse(&form(&[("amount", amount)])).unwrap_err();
            assert_eq!(answer.body["error"]["param"], param);
        }
    }
}
