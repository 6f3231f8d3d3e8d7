//! Slack's route: one incoming webhook per receiver of alerts.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use ecotrack_chassis::ApiResult;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::{Desk, respond};
use crate::exchange::Call;
use crate::provider::Provider;
use crate::providers::slack::{self, Message};

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(post_message))
}

/// Takes a message. The receiver's name is the ledger's `operation`.
#[utoipa::path(post, path = "/slack/{receiver}", tag = "slack",
    params(("receiver" = String, Path)), request_body = Value,
    responses((status = 200, description = "`ok`", body = String), (status = 400, description = "not JSON", body = String),
        (status = 403, description = "an armed fault", body = String), (status = 500, description = "an armed fault", body = String)))]
async fn post_message(
    State(desk): State<Desk>,
    Path(receiver): Path<String>,
    body: Bytes,
) -> ApiResult<Response> {
    let Ok(request) = serde_json::from_slice(&body) else {
        return Ok(respond(slack::invalid()));
    };
    let call = Call {
        provider: Provider::Slack,
        operation: receiver,
        idempotency_key: None,
        credential: None,
        request,
    };
    desk.serve(call, &Message, slack::invalid).await
}
