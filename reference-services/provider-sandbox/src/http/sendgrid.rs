//! SendGrid's routes.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ecotrack_chassis::ApiResult;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::credential;
use crate::desk::{Desk, respond};
use crate::exchange::Call;
use crate::provider::Provider;
use crate::providers::sendgrid::{self, Mail};
use crate::store;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(send_mail)).routes(routes!(message_activity))
}

/// Accepts a mail.
#[utoipa::path(post, path = "/sendgrid/v3/mail/send", tag = "sendgrid",
    request_body = Value, security(("bearer" = [])),
    responses((status = 202, description = "accepted", headers(("x-message-id" = String, description = "its id"))),
        (status = 400, description = "refused", body = Value), (status = 401, description = "no API key", body = Value),
        (status = 415, description = "not JSON", body = Value), (status = 500, description = "an armed fault", body = Value)))]
async fn send_mail(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Json(document): Json<Value>,
) -> ApiResult<Response> {
    let Some(credential) = credential::fingerprint(&headers) else {
        return Ok(respond(sendgrid::unauthenticated()));
    };
    let mail = match Mail::parse(&document) {
        Ok(mail) => mail,
        Err(answer) => return Ok(respond(answer)),
    };
    let call = Call {
        provider: Provider::SendGrid,
        operation: "mail".to_owned(),
        idempotency_key: mail.customer_id().map(str::to_owned),
        credential: Some(credential),
        request: document,
    };
    desk.serve(call, &mail, sendgrid::key_reused).await
}

/// What became of an accepted mail.
#[utoipa::path(get, path = "/sendgrid/v3/messages/{message_id}", tag = "sendgrid",
    params(("message_id" = String, Path)), security(("bearer" = [])),
    responses((status = 200, description = "its status", body = Value), (status = 401, description = "no API key", body = Value),
        (status = 404, description = "no such mail", body = Value), (status = 500, description = "an armed fault", body = Value)))]
async fn message_activity(
    State(desk): State<Desk>,
    Path(message): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    if credential::fingerprint(&headers).is_none() {
        return Ok(respond(sendgrid::unauthenticated()));
    }
    let find = async {
        let mut conn = desk.database().acquire().await?;
        let request = store::request_of(&mut conn, Provider::SendGrid, &message).await?;
        Ok(request.map_or_else(sendgrid::no_such_message, |request| {
            sendgrid::activity(&message, &request)
        }))
    };
    desk.look(Provider::SendGrid, &message, sendgrid::failed, find).await
}
