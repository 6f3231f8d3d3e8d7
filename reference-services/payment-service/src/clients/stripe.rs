//! Stripe's way of charging and refunding.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use ecotrack_chassis::http_client::{ClientError, ServiceClient};
use reqwest::{Method, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::domain::outcome::Outcome;
use crate::domain::payment::Payment;
use crate::domain::token::PaymentToken;

/// Intent of a charge, refund, or why not: only what we need of it.
#[derive(Deserialize)]
struct Made {
    id: String,
    status: String,
}

#[derive(Deserialize)]
struct Refused {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    code: Option<String>,
    decline_code: Option<String>,
}

type Form = BTreeMap<&'static str, String>;

pub(super) async fn charge(
    client: &ServiceClient,
    key: &SecretString,
    payment: &Payment,
    token: &PaymentToken,
) -> Result<Outcome, ClientError> {
    let form = Form::from([
        ("amount", payment.amount.amount_minor().to_string()),
        ("currency", payment.amount.currency().code().to_lowercase()),
        ("payment_method", token.expose().to_owned()),
        ("confirm", "true".to_owned()),
        ("metadata[payment_id]", payment.id.to_string()),
        ("metadata[order_id]", payment.order_id.to_string()),
    ]);
    post(client, key, "/stripe/v1/payment_intents", &payment.charge_key(), &form).await
}

pub(super) async fn refund(
    client: &ServiceClient,
    key: &SecretString,
    payment: &Payment,
) -> Result<Outcome, ClientError> {
    let form = Form::from([
        ("payment_intent", payment.provider_reference.clone().unwrap_or_default()),
        ("amount", payment.amount.amount_minor().to_string()),
        ("metadata[payment_id]", payment.id.to_string()),
    ]);
    post(client, key, "/stripe/v1/refunds", &payment.refund_key(), &form).await
}

async fn post(
    client: &ServiceClient,
    key: &SecretString,
    path: &str,
    idempotency_key: &str,
    form: &Form,
) -> Result<Outcome, ClientError> {
    let request = client
        .request(Method::POST, path, None)?
        .bearer_auth(key.expose_secret())
        .header("Idempotency-Key", idempotency_key)
        .form(form);
    Ok(read(client.send_any(request).await?).await)
}

/// Only a definite answer is one; whatever else comes leaves the question open.
async fn read(response: Response) -> Outcome {
    let status = response.status();
    match status {
        StatusCode::OK => match response.json::<Made>().await {
            Ok(made) if made.status == "succeeded" => Outcome::Accepted { reference: made.id },
            Ok(made) => Outcome::Unknown { reason: made.status },
            Err(_) => Outcome::Unknown { reason: "unreadable_answer".to_owned() },
        },
        StatusCode::PAYMENT_REQUIRED | StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {
            let refused = response.json::<Refused>().await.ok();
            let reason =
                refused.and_then(|refused| refused.error.decline_code.or(refused.error.code));
            Outcome::Declined { reason: reason.unwrap_or_else(|| "refused".to_owned()) }
        }
        status => Outcome::Unknown { reason: format!("status_{}", status.as_u16()) },
    }
}
