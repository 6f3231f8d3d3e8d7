//! PayPal's way of charging and refunding.

use axum::http::StatusCode;
use ecotrack_chassis::http_client::{self, ClientError};
use ecotrack_events::Money;
use reqwest::{Method, RequestBuilder, Response};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::providers::{Access, unclear};
use crate::domain::outcome::{self, Lookup, Outcome, REFUSED, UNREADABLE};
use crate::domain::payment::Payment;
use crate::domain::refund::Refund;
use crate::domain::token::PaymentToken;

#[derive(Deserialize)]
struct Order {
    purchase_units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    payments: Payments,
}

#[derive(Deserialize)]
struct Payments {
    captures: Vec<Made>,
}

#[derive(Deserialize)]
struct Made {
    id: String,
    status: String,
}

#[derive(Deserialize)]
struct Refused {
    #[serde(rename = "name")]
    _name: RefusalName,
    #[serde(default)]
    details: Vec<Detail>,
}

/// What `PayPal` calls its own errors of a definite no; others do not come from `PayPal`.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum RefusalName {
    InvalidRequest,
    ResourceNotFound,
    UnprocessableEntity,
}

/// The issues of a key, or of a refund's id, that came before: what became of it then is not said.
const CAME_BEFORE: [&str; 2] = ["PAYPAL_REQUEST_ID_PREVIOUSLY_USED", "DUPLICATE_INVOICE_ID"];

#[derive(Deserialize)]
struct Detail {
    issue: String,
}

/// Event code of a payment in a search.
const PAYMENT: &str = "T0006";
/// Event code of a refund in a search.
const REFUND: &str = "T1107";

#[derive(Deserialize)]
struct Transactions {
    transaction_details: Vec<Transaction>,
}

#[derive(Deserialize)]
struct Transaction {
    transaction_info: Info,
}

#[derive(Deserialize)]
struct Info {
    transaction_id: String,
    transaction_event_code: String,
    transaction_status: String,
    invoice_id: Option<String>,
}

pub(super) async fn charge(
    access: Access<'_>,
    payment: &Payment,
    token: &PaymentToken,
) -> Result<Outcome, ClientError> {
    let order = json!({
        "intent": "CAPTURE",
        "purchase_units": [{
            "reference_id": payment.order_id, "custom_id": payment.id, "amount": money(payment.amount),
        }],
        "payment_source": {"token": {"id": token.expose(), "type": "SETUP_TOKEN"}},
    });
    let path = "/paypal/v2/checkout/orders";
    let request = access.client.request(Method::POST, path, None)?.json(&order);
    let response = send(&access, &payment.charge_key(), request).await?;
    if response.status() != StatusCode::CREATED {
        return Ok(refusal(response).await);
    }
    let order = http_client::json::<Order>(response).await.ok();
    let captures = order.and_then(|order| order.purchase_units.into_iter().next());
    Ok(made(captures.and_then(|unit| unit.payments.captures.into_iter().next())))
}

pub(super) async fn refund(
    access: Access<'_>,
    payment: &Payment,
    refund: &Refund,
) -> Result<Outcome, ClientError> {
    let capture = payment.provider_reference.as_deref().unwrap_or_default();
    let path = format!("/paypal/v2/payments/captures/{capture}/refund");
    let document = json!({"amount": money(refund.amount), "invoice_id": refund.id});
    let request = access.client.request(Method::POST, &path, None)?.json(&document);
    let response = send(&access, &refund.key(), request).await?;
    if response.status() != StatusCode::CREATED {
        return Ok(refusal(response).await);
    }
    Ok(made(http_client::json(response).await.ok()))
}

pub(super) async fn find_charge(
    access: Access<'_>,
    payment: &Payment,
) -> Result<Lookup, ClientError> {
    find(access, payment, |info| info.transaction_event_code == PAYMENT).await
}

pub(super) async fn find_refund(
    access: Access<'_>,
    payment: &Payment,
    refund: &Refund,
) -> Result<Lookup, ClientError> {
    let id = refund.id.to_string();
    find(access, payment, |info| {
        info.transaction_event_code == REFUND && info.invoice_id.as_deref() == Some(id.as_str())
    })
    .await
}

/// A refused charge leaves no transaction: `Missing` it is, and the same request under the same key tells the rest.
async fn find(
    access: Access<'_>,
    payment: &Payment,
    is_wanted: impl Fn(&Info) -> bool,
) -> Result<Lookup, ClientError> {
    let request = access
        .client
        .request(Method::GET, "/paypal/v1/reporting/transactions", None)?
        .bearer_auth(access.key.expose_secret())
        .query(&[("custom_field", payment.id)]);
    let response = access.client.send_any(request).await?;
    let status = response.status();
    if status != StatusCode::OK {
        return Ok(Lookup::Unknown { reason: unclear(status) });
    }
    let Ok(found) = http_client::json::<Transactions>(response).await else {
        return Ok(Lookup::Unknown { reason: UNREADABLE.to_owned() });
    };
    let mut infos = found.transaction_details.into_iter().map(|found| found.transaction_info);
    Ok(infos.find(is_wanted).map_or(Lookup::Missing, |info| Lookup::Found(info.outcome())))
}

impl Info {
    fn outcome(self) -> Outcome {
        match self.transaction_status.as_str() {
            "S" => Outcome::accepted(self.transaction_id),
            "D" => Outcome::Declined { reason: "denied".to_owned() },
            // It was carried out, and all of it was taken back: no money moved in the end.
            "V" => Outcome::Declined { reason: "reversed".to_owned() },
            _ => Outcome::Unknown {
                reason: outcome::word(Some(self.transaction_status), UNREADABLE),
            },
        }
    }
}

async fn send(
    access: &Access<'_>,
    request_id: &str,
    request: RequestBuilder,
) -> Result<Response, ClientError> {
    let request = request.bearer_auth(access.key.expose_secret());
    access.client.send_any(request.header("PayPal-Request-Id", request_id)).await
}

fn money(amount: Money) -> Value {
    json!({"currency_code": amount.currency().code(), "value": amount.to_decimal()})
}

fn made(capture: Option<Made>) -> Outcome {
    match capture {
        Some(made) if made.status == "COMPLETED" => Outcome::accepted(made.id),
        Some(made) if ["DECLINED", "FAILED", "CANCELLED"].contains(&made.status.as_str()) => {
            Outcome::Declined { reason: made.status.to_lowercase() }
        }
        Some(made) => Outcome::Unknown { reason: outcome::word(Some(made.status), UNREADABLE) },
        None => Outcome::Unknown { reason: UNREADABLE.to_owned() },
    }
}

/// Only a definite no is one; whatever else comes leaves the question open.
async fn refusal(response: Response) -> Outcome {
    let status = response.status();
    match status {
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {
            // Anybody on the way may answer like that; only PayPal knows its own words.
            match http_client::json::<Refused>(response).await {
                Ok(refused) if !refused.came_before() => {
                    Outcome::Declined { reason: refused.word() }
                }
                Ok(_) | Err(_) => Outcome::Unknown { reason: unclear(status) },
            }
        }
        status => Outcome::Unknown { reason: unclear(status) },
    }
}

impl Refused {
    /// Whether not what was asked is refused, but that it is asked again: the lookup decides.
    fn came_before(&self) -> bool {
        self.details.iter().any(|detail| CAME_BEFORE.contains(&detail.issue.as_str()))
    }

    fn word(self) -> String {
        let issue = self.details.into_iter().next();
        outcome::word(issue.map(|detail| detail.issue.to_lowercase()), REFUSED)
    }
}

#[cfg(test)]
mod tests {
    use axum::http;

    use super::*;

    async fn refused(status: u16, body: &str) -> Outcome {
        let answer = http::Response::builder().status(status).body(body.to_owned()).unwrap();
        refusal(Response::from(answer)).await
    }

    #[tokio::test]
    async fn a_no_is_one_in_the_words_of_paypal_alone() {
        let declined =
            json!({"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": "INSTRUMENT_DECLINED"}]});
        let reason = "instrument_declined".to_owned();
        assert_eq!(refused(422, &declined.to_string()).await, Outcome::Declined { reason });
        let missing = json!({"name": "RESOURCE_NOT_FOUND", "message": "…"}).to_string();
        assert_eq!(
            refused(404, &missing).await,
            Outcome::Declined { reason: "refused".to_owned() }
        );
        for body in [
            "",
            "<h1>404 Not Found</h1>",
            "{}",
            r#"{"details": []}"#,
            r#"{"name": "NotFoundError", "message": "no route"}"#,
            r#"{"type": "about:blank", "title": "Not Found", "status": 404}"#,
        ] {
            for status in [400, 404, 422] {
                let reason = format!("status_{status}");
                assert_eq!(refused(status, body).await, Outcome::Unknown { reason }, "{body}");
            }
        }
    }

    #[tokio::test]
    async fn what_came_before_leaves_the_question_open() {
        for issue in ["PAYPAL_REQUEST_ID_PREVIOUSLY_USED", "DUPLICATE_INVOICE_ID"] {
            let issue = json!({"issue": issue});
            for details in [json!([issue]), json!([{"issue": "OTHER"}, issue])] {
                let body = json!({"name": "UNPROCESSABLE_ENTITY", "details": details}).to_string();
                let reason = "status_422".to_owned();
                assert_eq!(refused(422, &body).await, Outcome::Unknown { reason }, "{body}");
            }
        }
    }

    #[tokio::test]
    async fn what_paypal_says_that_is_no_word_is_not_kept() {
        let huge = "X".repeat(1_000_000);
        for said in [huge.as_str(), "A\u{0}B", "", "TWO WORDS", "\u{c4}"] {
            let body =
                json!({"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": said}]}).to_string();
            let reason = "refused".to_owned();
            assert_eq!(refused(422, &body).await, Outcome::Declined { reason });
            let reason = "unreadable_answer".to_owned();
            let capture = Made { id: "CAP-1".to_owned(), status: said.to_owned() };
            assert_eq!(made(Some(capture)), Outcome::Unknown { reason: reason.clone() });
            let nameless = Made { id: said.to_owned(), status: "COMPLETED".to_owned() };
            assert_eq!(made(Some(nameless)), Outcome::Unknown { reason: reason.clone() });
            let info = json!({"transaction_id": "CAP-1", "transaction_event_code": PAYMENT, "transaction_status": said});
            let found = serde_json::from_value::<Info>(info).unwrap().outcome();
            assert_eq!(found, Outcome::Unknown { reason });
        }
    }

    #[test]
    fn what_is_over_without_success_was_declined() {
        let capture =
            |status: &str| made(Some(Made { id: "CAP-1".to_owned(), status: status.to_owned() }));
        for status in ["DECLINED", "FAILED", "CANCELLED"] {
            assert_eq!(capture(status), Outcome::Declined { reason: status.to_lowercase() });
        }
        assert_eq!(capture("PENDING"), Outcome::Unknown { reason: "PENDING".to_owned() });
    }

    #[test]
    fn a_transaction_that_was_denied_or_reversed_was_declined() {
        let found = |status: &str| {
            let info = json!({"transaction_id": "CAP-1", "transaction_event_code": PAYMENT, "transaction_status": status});
            serde_json::from_value::<Info>(info).unwrap().outcome()
        };
        assert_eq!(found("S"), Outcome::Accepted { reference: "CAP-1".to_owned() });
        assert_eq!(found("D"), Outcome::Declined { reason: "denied".to_owned() });
        assert_eq!(found("V"), Outcome::Declined { reason: "reversed".to_owned() });
        assert_eq!(found("P"), Outcome::Unknown { reason: "P".to_owned() });
    }
}
