//! Paying back.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::error::Problem;
use ecotrack_chassis::extract::{Json, Path};
use ecotrack_chassis::idempotency::{Fingerprint, IdempotencyKey, Request};
use ecotrack_chassis::{ApiError, ApiResult};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::shapes::{IdempotencyKeyText, PaymentView, RefundRequest};
use crate::payments::Answered;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(refund))
}

/// Refunds a payment: a part of it, or all that is left. Sent again under the same key it is refunded once and answered the same.
#[utoipa::path(post, path = "/api/payments/{payment_id}/refund", tag = "payments", request_body = RefundRequest,
    security(("bearer" = [])), params(
        ("payment_id" = Uuid, Path),
        ("Idempotency-Key" = IdempotencyKeyText, Header, description = "Names the request; the same key again is the same request"),
    ),
    responses(
        (status = 200, body = PaymentView, description = "The money has gone back, now or when the key was used first",
            headers(("idempotency-replayed" = Option<bool>, description = "`true` when it was refunded before"))),
        (status = 202, body = PaymentView, description = "The provider's answer is not known yet",
            headers(("idempotency-replayed" = Option<bool>, description = "`true` when it was answered before"))),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "Nothing to refund, another refund is under way, the provider refuses, or the same request is being worked on",
            headers(("retry-after" = Option<u64>, description = "seconds, while something is under way"))),
        (status = 422, body = Problem, content_type = "application/problem+json",
            description = "More than is left, another currency, or the key was used for another request"),
    ))]
async fn refund(
    State(state): State<AppState>,
    caller: Caller,
    Path(payment_id): Path<Uuid>,
    key: IdempotencyKey,
    Json(body): Json<RefundRequest>,
) -> ApiResult<Response> {
    let asked = body.asked()?;
    let fingerprint = Fingerprint::of(&(payment_id, &body)).map_err(ApiError::internal)?;
    let request = Request { user_id: caller.user_id, operation: "refund", key: &key, fingerprint };
    Ok(match state.payments.refund(&request, payment_id, asked).await? {
        Answered::Now(answer) => answer.into_response(),
        Answered::Before(answer) => answer.replay(),
    })
}
