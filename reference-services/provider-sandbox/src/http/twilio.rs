//! Twilio's routes.

use axum::Form;
use axum::extract::{Path, State};
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
use crate::providers::stripe;
use crate::providers::twilio::{self, Sms};
use crate::store;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(send_message)).routes(routes!(fetch_message))
}

/// Queues a text message.
#[utoipa::path(post, path = "/twilio/2010-04-01/Accounts/{sid}/Messages.json", tag = "twilio",
    request_body(content = stripe::Form, content_type = "application/x-www-form-urlencoded"),
    params(("sid" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "a repetition gets the first answer")),
    security(("bearer" = [])),
    responses((status = 201, description = "queued", body = Value), (status = 400, description = "refused", body = Value),
        (status = 401, description = "no credential", body = Value), (status = 500, description = "an armed fault", body = Value)))]
async fn send_message(
    State(desk): State<Desk>,
    Path(account): Path<String>,
    headers: HeaderMap,
    Form(form): Form<stripe::Form>,
) -> ApiResult<Response> {
    let Some(credential) = credential::fingerprint(&headers) else {
        return Ok(respond(twilio::unauthenticated()));
    };
    let sms = match Sms::parse(&account, &form) {
        Ok(sms) => sms,
        Err(answer) => return Ok(respond(answer)),
    };
    let call = Call {
        provider: Provider::Twilio,
        operation: "message".to_owned(),
        idempotency_key: credential::text(&headers, "idempotency-key"),
        credential: Some(credential),
        request: json!(form),
    };
    desk.serve(call, &sms, twilio::key_reused).await
}

/// What has become of a message. Its id ends in `.json`.
#[utoipa::path(get, path = "/twilio/2010-04-01/Accounts/{sid}/Messages/{message}", tag = "twilio",
    params(("sid" = String, Path), ("message" = String, Path, description = "`<MessageSid>.json`")), security(("bearer" = [])),
    responses((status = 200, description = "its status", body = Value), (status = 401, description = "no credential", body = Value),
        (status = 404, description = "no such message", body = Value), (status = 500, description = "an armed fault", body = Value)))]
async fn fetch_message(
    State(desk): State<Desk>,
    Path((account, message)): Path<(String, String)>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    if credential::fingerprint(&headers).is_none() {
        return Ok(respond(twilio::unauthenticated()));
    }
    let Some(sid) = message.strip_suffix(".json") else {
        return Ok(respond(twilio::no_such_message()));
    };
    let find = async {
        let mut conn = desk.database().acquire().await?;
        let request = store::request_of(&mut conn, Provider::Twilio, sid).await?;
        Ok(request.map_or_else(twilio::no_such_message, |request| {
            twilio::message(&account, sid, &request)
        }))
    };
    desk.look(Provider::Twilio, sid, twilio::failed, find).await
}
