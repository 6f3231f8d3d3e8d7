//! Paying, and looking at a payment.

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

use super::shapes::{IdempotencyKeyText, PaymentRequest, PaymentView};
use crate::payments::Answered;
use crate::state::AppState;
use crate::store;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(pay)).routes(routes!(get_payment))
}

/// Pays an order. Sent again under the same key it is paid once and answered the same.
#[utoipa::path(post, path = "/api/payments", tag = "payments", request_body = PaymentRequest, security(("bearer" = [])),
    params(("Idempotency-Key" = IdempotencyKeyText, Header, description = "Names the request; the same key again is the same request")),
    responses(
        (status = 201, body = PaymentView, description = "Paid, now or when the key was used first",
            headers(("idempotency-replayed" = Option<bool>, description = "`true` when it was paid before"))),
        (status = 202, body = PaymentView, description = "The provider's answer is not known yet",
            headers(("idempotency-replayed" = Option<bool>, description = "`true` when it was answered before"))),
        (status = 402, body = Problem, content_type = "application/problem+json", description = "Declined, for good",
            headers(("idempotency-replayed" = Option<bool>, description = "`true` when it was answered before"))),
        (status = 404, body = Problem, content_type = "application/problem+json",
            description = "The order is not there, or it is somebody else's"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "Paid before, nothing to pay, or the same request is being worked on",
            headers(("retry-after" = Option<u64>, description = "seconds, while it is being worked on"))),
        (status = 422, body = Problem, content_type = "application/problem+json",
            description = "Not what is owed, or the key was used for another request"),
    ))]
async fn pay(
    State(state): State<AppState>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<PaymentRequest>,
) -> ApiResult<Response> {
    let offer = body.offer()?;
    let fingerprint = Fingerprint::of(&body.identity()).map_err(ApiError::internal)?;
    let request = Request { user_id: caller.user_id, operation: "pay", key: &key, fingerprint };
    Ok(match state.payments.pay(&caller, &request, &offer).await? {
        Answered::Now(answer) => answer.into_response(),
        Answered::Before(answer) => answer.replay(),
    })
}

/// One of the caller's payments. Somebody else's is not there.
#[utoipa::path(get, path = "/api/payments/{payment_id}", tag = "payments", params(("payment_id" = Uuid, Path)),
    security(("bearer" = [])),
    responses((status = 200, body = PaymentView, description = "The payment")))]
async fn get_payment(
    State(state): State<AppState>,
    caller: Caller,
    Path(payment_id): Path<Uuid>,
) -> ApiResult<axum::Json<PaymentView>> {
    let mut conn = state.payments.database().acquire().await?;
    let payment = store::find(&mut conn, payment_id, Some(caller.user_id))
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(axum::Json(PaymentView::from(&payment)))
}
