//! PayPal's routes.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ecotrack_chassis::ApiResult;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::credential;
use crate::desk::{Desk, respond};
use crate::exchange::Call;
use crate::provider::Provider;
use crate::providers::paypal::{self, CaptureRefund, CheckoutOrder};
use crate::store;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(create_order)).routes(routes!(refund_capture))
}

fn call(operation: &str, headers: &HeaderMap, request: Value) -> Call {
    Call {
        provider: Provider::PayPal,
        operation: operation.to_owned(),
        idempotency_key: credential::text(headers, "paypal-request-id"),
        credential: credential::fingerprint(headers),
        request,
    }
}

/// Takes a wallet payment: creates an order and captures it.
#[utoipa::path(post, path = "/paypal/v2/checkout/orders", tag = "paypal",
    responses((status = 201, description = "captured"), (status = 422, description = "declined")))]
async fn create_order(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Json(document): Json<Value>,
) -> ApiResult<Response> {
    let order = CheckoutOrder::parse(&document);
    let call = call("order", &headers, document);
    if call.credential.is_none() {
        return Ok(respond(paypal::unauthenticated()));
    }
    match order {
        Ok(order) => desk.serve(call, &order, paypal::key_reused).await,
        Err(answer) => Ok(respond(answer)),
    }
}

/// Pays a capture back.
#[utoipa::path(post, path = "/paypal/v2/payments/captures/{capture_id}/refund", tag = "paypal",
    responses((status = 201, description = "paid back"), (status = 404, description = "no such capture")))]
async fn refund_capture(
    State(desk): State<Desk>,
    Path(capture): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let call = call("refund", &headers, json!({"capture_id": capture}));
    if call.credential.is_none() {
        return Ok(respond(paypal::unauthenticated()));
    }
    let mut conn = desk.database().acquire().await?;
    let known = store::has_accepted(&mut conn, Provider::PayPal, &capture).await?;
    drop(conn);
    if known {
        desk.serve(call, &CaptureRefund { capture }, paypal::key_reused).await
    } else {
        Ok(respond(paypal::no_such_capture()))
    }
}
