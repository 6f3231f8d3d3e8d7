//! Stripe's way of charging and refunding.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use ecotrack_chassis::http_client::{ClientError, json};
use reqwest::{Method, Response};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::providers::{Access, unclear};
use crate::domain::outcome::{self, Lookup, Outcome, REFUSED, UNREADABLE};
use crate::domain::payment::Payment;
use crate::domain::refund::Refund;
use crate::domain::token::PaymentToken;

/// Intent of a charge, or a refund: only what we need of it.
#[derive(Deserialize)]
struct Made {
    id: String,
    status: String,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    last_payment_error: Option<Reason>,
}

#[derive(Deserialize)]
struct Found {
    data: Vec<Made>,
}

#[derive(Deserialize)]
struct Refused {
    error: Refusal,
}

/// Stripe's own error. What is not one of these is not a no to what was asked, or does not come from Stripe.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Refusal {
    CardError(Reason),
    InvalidRequestError(Reason),
}

#[derive(Deserialize)]
struct Reason {
    code: Option<String>,
    decline_code: Option<String>,
}

type Form = BTreeMap<&'static str, String>;

pub(super) async fn charge(
    access: Access<'_>,
    payment: &Payment,
    token: &PaymentToken,
) -> Result<Outcome, ClientError> {
    let form = Form::from([
        ("amount", payment.amount.amount_minor().to_string()),
        ("currency", payment.amount.currency().code().to_lowercase()),
        ("payment_method", token.expose().to_owned()),
        ("confirm", "true".to_owned()),
        // Nobody passes on what the owner of the card would have to do, so a charge that waits for that would wait for ever.
        ("error_on_requires_action", "true".to_owned()),
        ("metadata[payment_id]", payment.id.to_string()),
        ("metadata[order_id]", payment.order_id.to_string()),
    ]);
    post(access, "/stripe/v1/payment_intents", &payment.charge_key(), &form).await
}

pub(super) async fn refund(
    access: Access<'_>,
    payment: &Payment,
    refund: &Refund,
) -> Result<Outcome, ClientError> {
    let form = Form::from([
        ("payment_intent", payment.provider_reference.clone().unwrap_or_default()),
        ("amount", refund.amount.amount_minor().to_string()),
        ("metadata[payment_id]", payment.id.to_string()),
        ("metadata[refund_id]", refund.id.to_string()),
    ]);
    post(access, "/stripe/v1/refunds", &refund.key(), &form).await
}

pub(super) async fn find_charge(
    access: Access<'_>,
    payment: &Payment,
) -> Result<Lookup, ClientError> {
    let query = format!("metadata['payment_id']:'{}'", payment.id);
    let path = "/stripe/v1/payment_intents/search";
    Ok(match find(access, path, "query", &query).await? {
        Ok(found) => {
            found.into_iter().next().map_or(Lookup::Missing, |made| Lookup::Found(made.outcome()))
        }
        Err(reason) => Lookup::Unknown { reason },
    })
}

pub(super) async fn find_refund(
    access: Access<'_>,
    payment: &Payment,
    refund: &Refund,
) -> Result<Lookup, ClientError> {
    let charge = payment.provider_reference.as_deref().unwrap_or_default();
    let id = refund.id.to_string();
    Ok(match find(access, "/stripe/v1/refunds", "payment_intent", charge).await? {
        Ok(found) => found
            .into_iter()
            .find(|made| made.metadata.get("refund_id") == Some(&id))
            .map_or(Lookup::Missing, |made| Lookup::Found(made.outcome())),
        Err(reason) => Lookup::Unknown { reason },
    })
}

impl Made {
    fn outcome(self) -> Outcome {
        match (self.status.as_str(), self.last_payment_error) {
            ("succeeded", _) => Outcome::accepted(self.id),
            ("requires_payment_method", Some(error)) => Outcome::Declined { reason: error.word() },
            // Of a charge, and of a refund: nothing comes after these.
            ("canceled" | "failed", _) => Outcome::Declined { reason: self.status },
            _ => Outcome::Unknown { reason: outcome::word(Some(self.status), UNREADABLE) },
        }
    }
}

impl Refusal {
    fn word(self) -> String {
        match self {
            Self::CardError(reason) | Self::InvalidRequestError(reason) => reason.word(),
        }
    }
}

impl Reason {
    fn word(self) -> String {
        outcome::word(self.decline_code.or(self.code), REFUSED)
    }
}

async fn post(
    access: Access<'_>,
    path: &str,
    idempotency_key: &str,
    form: &Form,
) -> Result<Outcome, ClientError> {
    let request = access
        .client
        .request(Method::POST, path, None)?
        .bearer_auth(access.key.expose_secret())
        .header("Idempotency-Key", idempotency_key)
        .form(form);
    Ok(read(access.client.send_any(request).await?).await)
}

/// What is there under an id of ours, or why that is not known.
async fn find(
    access: Access<'_>,
    path: &str,
    name: &str,
    value: &str,
) -> Result<Result<Vec<Made>, String>, ClientError> {
    let request = access
        .client
        .request(Method::GET, path, None)?
        .bearer_auth(access.key.expose_secret())
        .query(&[(name, value)]);
    let response = access.client.send_any(request).await?;
    Ok(match response.status() {
        StatusCode::OK => match json::<Found>(response).await {
            Ok(found) => Ok(found.data),
            Err(_) => Err(UNREADABLE.to_owned()),
        },
        status => Err(unclear(status)),
    })
}

/// Only a definite answer is one; whatever else comes leaves the question open.
async fn read(response: Response) -> Outcome {
    let status = response.status();
    match status {
        StatusCode::OK => match json::<Made>(response).await {
            Ok(made) => made.outcome(),
            Err(_) => Outcome::Unknown { reason: UNREADABLE.to_owned() },
        },
        StatusCode::PAYMENT_REQUIRED | StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {
            // Anybody on the way may answer like that; only Stripe knows its own words.
            json::<Refused>(response).await.map_or_else(
                |_| Outcome::Unknown { reason: unclear(status) },
                |refused| Outcome::Declined { reason: refused.error.word() },
            )
        }
        status => Outcome::Unknown { reason: unclear(status) },
    }
}

#[cfg(test)]
mod tests {
    use axum::http;
    use serde_json::json;

    use super::*;

    async fn outcome(status: u16, body: &str) -> Outcome {
        let answer = http::Response::builder().status(status).body(body.to_owned()).unwrap();
        read(Response::from(answer)).await
    }

    #[tokio::test]
    async fn a_no_is_one_in_the_words_of_stripe_alone() {
        let card = json!({"error": {"type": "card_error", "code": "card_declined"}}).to_string();
        let reason = "card_declined".to_owned();
        assert_eq!(outcome(402, &card).await, Outcome::Declined { reason });
        let bare = json!({"error": {"type": "invalid_request_error"}}).to_string();
        assert_eq!(outcome(400, &bare).await, Outcome::Declined { reason: "refused".to_owned() });
        for body in [
            "",
            "<h1>404 Not Found</h1>",
            r#"{"error": "not found"}"#,
            r#"{"error": {"code": 404}}"#,
            r#"{"error": {"code": "not_found", "message": "no route"}}"#,
            r#"{"type": "about:blank", "title": "Not Found", "status": 404}"#,
            r#"{"error": {"type": "idempotency_error"}}"#,
        ] {
            for status in [400, 402, 404] {
                let reason = format!("status_{status}");
                assert_eq!(outcome(status, body).await, Outcome::Unknown { reason }, "{body}");
            }
        }
    }

    #[tokio::test]
    async fn a_card_whose_owner_would_have_to_act_is_declined() {
        for code in ["authentication_required", "requires_action_not_handled"] {
            let intent = json!({"id": "pi_1", "status": "requires_payment_method"});
            let error = json!({"type": "card_error", "code": code, "payment_intent": intent});
            let body = json!({"error": error}).to_string();
            let reason = code.to_owned();
            assert_eq!(outcome(402, &body).await, Outcome::Declined { reason });
        }
    }

    #[tokio::test]
    async fn what_stripe_says_that_is_no_word_is_not_kept() {
        let huge = "x".repeat(1_000_000);
        for code in [huge.as_str(), "a\u{0}b", "", "two words", "\u{e4}"] {
            let error = json!({"type": "card_error", "code": code});
            let refused = json!({"error": error}).to_string();
            let reason = "refused".to_owned();
            assert_eq!(outcome(402, &refused).await, Outcome::Declined { reason: reason.clone() });
            let status = "requires_payment_method";
            let looked_up = json!({"id": "pi_1", "status": status, "last_payment_error": error});
            let body = looked_up.to_string();
            assert_eq!(outcome(200, &body).await, Outcome::Declined { reason });
            let open = json!({"id": "pi_1", "status": code}).to_string();
            let reason = "unreadable_answer".to_owned();
            assert_eq!(outcome(200, &open).await, Outcome::Unknown { reason: reason.clone() });
            let nameless = json!({"id": code, "status": "succeeded"}).to_string();
            assert_eq!(outcome(200, &nameless).await, Outcome::Unknown { reason });
        }
    }

    #[tokio::test]
    async fn what_is_over_without_success_was_declined() {
        for status in ["canceled", "failed"] {
            let body = json!({"id": "pi_1", "status": status}).to_string();
            let reason = status.to_owned();
            assert_eq!(outcome(200, &body).await, Outcome::Declined { reason });
        }
        for status in ["processing", "pending", "requires_action"] {
            let body = json!({"id": "pi_1", "status": status}).to_string();
            let reason = status.to_owned();
            assert_eq!(outcome(200, &body).await, Outcome::Unknown { reason });
        }
    }
}
