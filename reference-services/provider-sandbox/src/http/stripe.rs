//! Stripe's routes.

use axum::Form;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ecotrack_chassis::ApiResult;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::credential;
use crate::desk::{Desk, respond};
use crate::exchange::Call;
use crate::provider::Provider;
use crate::providers::stripe::{self, PaymentIntent, Refund};
use crate::store;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(create_payment_intent)).routes(routes!(create_refund))
}

fn call(operation: &str, headers: &HeaderMap, form: &stripe::Form) -> Call {
    Call {
        provider: Provider::Stripe,
        operation: operation.to_owned(),
        idempotency_key: credential::text(headers, "idempotency-key"),
        credential: credential::fingerprint(headers),
        request: json!(form),
    }
}

/// Charges a card: creates, confirms and captures a payment intent.
#[utoipa::path(post, path = "/stripe/v1/payment_intents", tag = "stripe",
    responses((status = 200, description = "charged"), (status = 402, description = "declined")))]
async fn create_payment_intent(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Form(form): Form<stripe::Form>,
) -> ApiResult<Response> {
    let call = call("payment_intent", &headers, &form);
    if call.credential.is_none() {
        return Ok(respond(stripe::unauthenticated()));
    }
    match PaymentIntent::parse(&form) {
        Ok(intent) => desk.serve(call, &intent, stripe::key_reused).await,
        Err(answer) => Ok(respond(answer)),
    }
}

/// Pays a charge back.
#[utoipa::path(post, path = "/stripe/v1/refunds", tag = "stripe",
    responses((status = 200, description = "paid back"), (status = 404, description = "no such charge")))]
async fn create_refund(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Form(form): Form<stripe::Form>,
) -> ApiResult<Response> {
    let call = call("refund", &headers, &form);
    if call.credential.is_none() {
        return Ok(respond(stripe::unauthenticated()));
    }
    let refund = match Refund::parse(&form) {
        Ok(refund) => refund,
        Err(answer) => return Ok(respond(answer)),
    };
    let mut conn = desk.database().acquire().await?;
    let known = store::has_accepted(&mut conn, Provider::Stripe, refund.payment_intent()).await?;
    drop(conn);
    if known {
        desk.serve(call, &refund, stripe::key_reused).await
    } else {
        Ok(respond(stripe::no_such_intent(refund.payment_intent())))
    }
}
