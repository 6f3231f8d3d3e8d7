//! PayPal's way of charging and refunding.

use axum::http::StatusCode;
use ecotrack_chassis::http_client::{self, ClientError};
use ecotrack_events::Money;
use reqwest::{Method, RequestBuilder, Response};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::providers::Access;
use crate::domain::outcome::{Lookup, Outcome};
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
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    issue: String,
}

/// Event code of a payment in a search.
const PAYMENT: &str = "T0006";
/// Event code of a refund in a search.
const REFUND: &str = "T1107";
/// Status of a transaction that was carried out.
const SUCCESS: &str = "S";

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
        return Ok(Lookup::Unknown { reason: format!("status_{}", status.as_u16()) });
    }
    let Ok(found) = http_client::json::<Transactions>(response).await else {
        return Ok(Lookup::Unknown { reason: "unreadable_answer".to_owned() });
    };
    let mut infos = found.transaction_details.into_iter().map(|found| found.transaction_info);
    Ok(infos.find(is_wanted).map_or(Lookup::Missing, |info| Lookup::Found(info.outcome())))
}

impl Info {
    fn outcome(self) -> Outcome {
        if self.transaction_status == SUCCESS {
            Outcome::Accepted { reference: self.transaction_id }
        } else {
            Outcome::Unknown { reason: self.transaction_status }
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
        Some(made) if made.status == "COMPLETED" => Outcome::Accepted { reference: made.id },
        Some(made) => Outcome::Unknown { reason: made.status },
        None => Outcome::Unknown { reason: "unreadable_answer".to_owned() },
    }
}

/// Only a definite no is one; whatever else comes leaves the question open.
async fn refusal(response: Response) -> Outcome {
    match response.status() {
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {
            let refused = http_client::json::<Refused>(response).await.ok();
            let issue = refused.and_then(|refused| refused.details.into_iter().next());
            Outcome::Declined {
                reason: issue
                    .map_or_else(|| "refused".to_owned(), |detail| detail.issue.to_lowercase()),
            }
        }
        status => Outcome::Unknown { reason: format!("status_{}", status.as_u16()) },
    }
}
