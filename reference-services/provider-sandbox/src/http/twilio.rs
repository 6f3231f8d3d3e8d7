//! Twilio's route.

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

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(send_message))
}

/// Queues a text message.
#[utoipa::path(post, path = "/twilio/2010-04-01/Accounts/{sid}/Messages.json", tag = "twilio",
    responses((status = 201, description = "queued"), (status = 400, description = "refused")))]
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
        idempotency_key: None,
        credential: Some(credential),
        request: json!(form),
    };
    desk.serve(call, &sms, twilio::unauthenticated).await
}
