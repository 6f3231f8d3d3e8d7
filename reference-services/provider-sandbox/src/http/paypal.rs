//! PayPal's routes.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ecotrack_chassis::ApiResult;
use ecotrack_chassis::extract::Query;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::credential;
use crate::desk::{Desk, respond};
use crate::exchange::Call;
use crate::provider::Provider;
use crate::providers::paypal::{self, CheckoutOrder, Refund};
use crate::store;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(create_order))
        .routes(routes!(refund_capture))
        .routes(routes!(search_transactions))
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
    request_body = Value, security(("bearer" = [])),
    params(("PayPal-Request-Id" = Option<String>, Header, description = "a repetition gets the first answer")),
    responses((status = 201, description = "captured", body = Value), (status = 400, description = "the document is wrong", body = Value),
        (status = 401, description = "no credential", body = Value), (status = 415, description = "not JSON", body = Value),
        (status = 422, description = "declined", body = Value), (status = 500, description = "an armed fault", body = Value)))]
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
    request_body = Option<Value>, security(("bearer" = [])),
    params(("capture_id" = String, Path), ("PayPal-Request-Id" = Option<String>, Header, description = "a repetition gets the first answer")),
    responses((status = 201, description = "paid back", body = Value), (status = 400, description = "the document is wrong", body = Value),
        (status = 401, description = "no credential", body = Value), (status = 404, description = "no such capture", body = Value),
        (status = 415, description = "not JSON", body = Value), (status = 422, description = "more than is left", body = Value),
        (status = 500, description = "an armed fault", body = Value)))]
async fn refund_capture(
    State(desk): State<Desk>,
    Path(capture): Path<String>,
    headers: HeaderMap,
    document: Option<Json<Value>>,
) -> ApiResult<Response> {
    let document = document.map_or(Value::Null, |Json(document)| document);
    let refund = Refund::parse(&document);
    let call = call("refund", &headers, json!({"capture_id": capture, "refund": document}));
    if call.credential.is_none() {
        return Ok(respond(paypal::unauthenticated()));
    }
    let mut conn = desk.database().acquire().await?;
    let charge = store::find_charge(&mut conn, Provider::PayPal, &capture).await?;
    drop(conn);
    let Some(charge) = charge else { return Ok(respond(paypal::no_such_capture())) };
    match refund.and_then(|refund| refund.of(charge)) {
        Ok(refund) => desk.serve(call, &refund, paypal::key_reused).await,
        Err(answer) => Ok(respond(answer)),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct Search {
    /// The customer's own id of the payment, as the purchase unit's `custom_id` told it.
    custom_field: String,
}

/// Finds the captures and refunds of one of the customer's payments.
#[utoipa::path(get, path = "/paypal/v1/reporting/transactions", tag = "paypal", params(Search), security(("bearer" = [])),
    responses((status = 200, description = "those found", body = Value), (status = 401, description = "no credential", body = Value),
        (status = 500, description = "an armed fault", body = Value)))]
async fn search_transactions(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(search): Query<Search>,
) -> ApiResult<Response> {
    if credential::fingerprint(&headers).is_none() {
        return Ok(respond(paypal::unauthenticated()));
    }
    let find = async {
        let mut conn = desk.database().acquire().await?;
        let found = store::paypal_transactions(&mut conn, &search.custom_field).await?;
        Ok(paypal::transactions(&search.custom_field, &found))
    };
    desk.look(Provider::PayPal, &search.custom_field, paypal::failed, find).await
}
