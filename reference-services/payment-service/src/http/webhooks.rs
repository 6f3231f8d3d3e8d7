//! Where the providers tell what became of a payment. No token: the signature says who speaks.

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use ecotrack_chassis::error::Problem;
use ecotrack_chassis::extract::{Path, Raw};
use ecotrack_chassis::{ApiError, ApiResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::method::Gateway;
use crate::metrics::WebhookFate;
use crate::payments::Learned;
use crate::state::AppState;
use crate::webhooks::{self, ReadError};

/// Largest webhook, in bytes.
const LARGEST: usize = 256 * 1024;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(receive)).layer(DefaultBodyLimit::max(LARGEST))
}

/// The provider that speaks.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Speaker {
    Stripe,
    Paypal,
}

impl Speaker {
    const fn gateway(self) -> Gateway {
        match self {
            Self::Stripe => Gateway::Stripe,
            Self::Paypal => Gateway::PayPal,
        }
    }
}

/// It need not be sent again.
#[derive(Debug, Serialize, ToSchema)]
struct Received {
    received: bool,
}

/// Takes in an event. What was taken in before, or is none of our business, is received all the same.
#[utoipa::path(post, path = "/api/payments/webhooks/{gateway}", tag = "webhooks", params(
        ("gateway" = Speaker, Path),
        ("webhook-signature" = String, Header, description = "`t=<unix seconds>,v1=<hex of HMAC-SHA256 over t.body>[,v1=…]`"),
    ),
    request_body(content = Object, content_type = "application/json", description = "the provider's own event, at most 256 KiB"),
    responses(
        (status = 200, body = Received, description = "Taken in, now or before, or none of our business"),
        (status = 400, body = Problem, content_type = "application/problem+json",
            description = "The signature is missing, wrong or older than five minutes, or the body is not JSON"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such provider"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "More than 256 KiB"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Signed, but not an event of this provider's"),
    ))]
async fn receive(
    State(state): State<AppState>,
    Path(speaker): Path<Speaker>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> ApiResult<Json<Received>> {
    let gateway = speaker.gateway();
    let fate = match take_in(&state, gateway, &headers, &body).await {
        Ok(fate) => fate,
        Err(error) => {
            let is_theirs = error.status().is_client_error();
            state.metrics.webhook(
                gateway,
                if is_theirs { WebhookFate::Refused } else { WebhookFate::Failed },
            );
            return Err(error);
        }
    };
    state.metrics.webhook(gateway, fate);
    Ok(Json(Received { received: true }))
}

async fn take_in(
    state: &AppState,
    gateway: Gateway,
    headers: &HeaderMap,
    body: &[u8],
) -> ApiResult<WebhookFate> {
    state.gate.admit(gateway.name(), headers, body)?;
    let incoming = webhooks::read(gateway, body).map_err(unreadable)?;
    let Some(notice) = &incoming.notice else { return Ok(WebhookFate::Ignored) };
    Ok(match state.payments.learn(gateway, &incoming.event_id, notice).await? {
        Learned::News => WebhookFate::Applied,
        Learned::Known => WebhookFate::Known,
        Learned::Duplicate => WebhookFate::Duplicate,
        Learned::Stranger => WebhookFate::Ignored,
        Learned::Late => WebhookFate::Late,
        Learned::Contradiction => WebhookFate::Contradiction,
    })
}

fn unreadable(error: ReadError) -> ApiError {
    match &error {
        ReadError::NotJson(_) => ApiError::bad_request("the body is not JSON").caused_by(error),
        ReadError::Shape(_) | ReadError::Value(_) => {
            ApiError::invalid_field("", "not an event of this provider's").caused_by(error)
        }
    }
}
