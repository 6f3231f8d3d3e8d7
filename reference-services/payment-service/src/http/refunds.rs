//! Paying back.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ecotrack_chassis::ApiResult;
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::extract::Path;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::shapes::PaymentView;
use crate::domain::status::Status;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(refund))
}

/// Refunds a payment in full. Asked again it says the same.
#[utoipa::path(post, path = "/api/payments/{payment_id}/refund", tag = "payments", params(("payment_id" = Uuid, Path)),
    security(("bearer" = [])),
    responses(
        (status = 200, body = PaymentView, description = "refunded"),
        (status = 202, body = PaymentView, description = "the provider's answer is not known yet"),
        (status = 404, description = "not there, or not the caller's"),
        (status = 409, description = "nothing to refund, or the provider refuses"),
    ))]
async fn refund(
    State(state): State<AppState>,
    caller: Caller,
    Path(payment_id): Path<Uuid>,
) -> ApiResult<(StatusCode, Json<PaymentView>)> {
    let payment = state.payments.refund(caller.user_id, payment_id).await?;
    let status =
        if payment.status == Status::Refunded { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(PaymentView::from(&payment))))
}
