//! PayPal's way of charging and refunding.

use axum::http::StatusCode;
use ecotrack_chassis::http_client::{ClientError, ServiceClient};
use reqwest::{Method, RequestBuilder, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::domain::outcome::Outcome;
use crate::domain::payment::Payment;
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

pub(super) async fn charge(
    client: &ServiceClient,
    key: &SecretString,
    payment: &Payment,
    token: &PaymentToken,
) -> Result<Outcome, ClientError> {
    let order = json!({
        "intent": "CAPTURE",
        "purchase_units": [{
            "reference_id": payment.order_id,
            "custom_id": payment.id,
            "amount": {"currency_code": payment.amount.currency().code(), "value": payment.amount.to_decimal()},
        }],
        "payment_source": {"token": {"id": token.expose(), "type": "SETUP_TOKEN"}},
    });
    let request = client.request(Method::POST, "/paypal/v2/checkout/orders", None)?.json(&order);
    let response = send(client, key, &payment.charge_key(), request).await?;
    if response.status() != StatusCode::CREATED {
        return Ok(refusal(response).await);
    }
    let captures = response
        .json::<Order>()
        .await
        .ok()
        .and_then(|order| order.purchase_units.into_iter().next());
    Ok(made(captures.and_then(|unit| unit.payments.captures.into_iter().next())))
}

pub(super) async fn refund(
    client: &ServiceClient,
    key: &SecretString,
    payment: &Payment,
) -> Result<Outcome, ClientError> {
    let capture = payment.provider_reference.as_deref().unwrap_or_default();
    let request = client.request(
        Method::POST,
        &format!("/paypal/v2/payments/captures/{capture}/refund"),
        None,
    )?;
    let response = send(client, key, &payment.refund_key(), request).await?;
    if response.status() != StatusCode::CREATED {
        return Ok(refusal(response).await);
    }
    Ok(made(response.json().await.ok()))
}

async fn send(
    client: &ServiceClient,
    key: &SecretString,
    request_id: &str,
    request: RequestBuilder,
) -> Result<Response, ClientError> {
    client
        .send_any(request.bearer_auth(key.expose_secret()).header("PayPal-Request-Id", request_id))
        .await
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
            let issue = response
                .json::<Refused>()
                .await
                .ok()
                .and_then(|refused| refused.details.into_iter().next());
            Outcome::Declined {
                reason: issue
                    .map_or_else(|| "refused".to_owned(), |detail| detail.issue.to_lowercase()),
            }
        }
        status => Outcome::Unknown { reason: format!("status_{}", status.as_u16()) },
    }
}
