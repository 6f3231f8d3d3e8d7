//! Stripe's routes.

use axum::Form;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ecotrack_chassis::ApiResult;
use ecotrack_chassis::extract::Query;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::credential;
use crate::desk::{Desk, respond};
use crate::exchange::Call;
use crate::provider::Provider;
use crate::providers::stripe::{self, PaymentIntent, Refund};
use crate::store;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(create_payment_intent))
        .routes(routes!(search_payment_intents))
        .routes(routes!(create_refund, list_refunds))
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
    request_body(content = stripe::Form, content_type = "application/x-www-form-urlencoded"), security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "a repetition gets the first answer")),
    responses((status = 200, description = "charged", body = Value), (status = 400, description = "a parameter is missing or wrong", body = Value),
        (status = 401, description = "no API key", body = Value), (status = 402, description = "declined", body = Value),
        (status = 500, description = "an armed fault", body = Value)))]
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
    request_body(content = stripe::Form, content_type = "application/x-www-form-urlencoded"), security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "a repetition gets the first answer")),
    responses((status = 200, description = "paid back", body = Value), (status = 400, description = "more than is left, or a wrong parameter", body = Value),
        (status = 401, description = "no API key", body = Value), (status = 404, description = "no such charge", body = Value),
        (status = 500, description = "an armed fault", body = Value)))]
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
    let charge = store::find_charge(&mut conn, Provider::Stripe, refund.payment_intent()).await?;
    drop(conn);
    match charge {
        Some(charge) => desk.serve(call, &refund.of(charge), stripe::key_reused).await,
        None => Ok(respond(stripe::no_such_intent(refund.payment_intent()))),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct Search {
    /// `metadata['payment_id']:'<id>'`.
    query: String,
}

/// Finds the charges of one of the customer's payments, refused ones among them.
#[utoipa::path(get, path = "/stripe/v1/payment_intents/search", tag = "stripe", params(Search),
    security(("bearer" = [])),
    responses((status = 200, description = "those found", body = Value), (status = 400, description = "not a search", body = Value),
        (status = 401, description = "no API key", body = Value), (status = 500, description = "an armed fault", body = Value)))]
async fn search_payment_intents(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(search): Query<Search>,
) -> ApiResult<Response> {
    if credential::fingerprint(&headers).is_none() {
        return Ok(respond(stripe::unauthenticated()));
    }
    let payment_id = match stripe::searched_payment(&search.query) {
        Ok(payment_id) => payment_id,
        Err(answer) => return Ok(respond(answer)),
    };
    let find = async {
        let mut conn = desk.database().acquire().await?;
        Ok(stripe::search_result(&store::stripe_intents(&mut conn, payment_id).await?))
    };
    desk.look(Provider::Stripe, payment_id, stripe::failed, find).await
}

#[derive(Debug, Deserialize, IntoParams)]
struct Which {
    /// The charge.
    payment_intent: String,
}

/// The refunds of a charge.
#[utoipa::path(get, path = "/stripe/v1/refunds", tag = "stripe", params(Which), security(("bearer" = [])),
    responses((status = 200, description = "those made", body = Value), (status = 401, description = "no API key", body = Value),
        (status = 500, description = "an armed fault", body = Value)))]
async fn list_refunds(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(which): Query<Which>,
) -> ApiResult<Response> {
    if credential::fingerprint(&headers).is_none() {
        return Ok(respond(stripe::unauthenticated()));
    }
    let find = async {
        let mut conn = desk.database().acquire().await?;
        Ok(stripe::list(&store::stripe_refunds(&mut conn, &which.payment_intent).await?))
    };
    desk.look(Provider::Stripe, &which.payment_intent, stripe::failed, find).await
}
