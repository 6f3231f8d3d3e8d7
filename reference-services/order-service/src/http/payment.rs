//! Opening a payment: the mesh lets only payment-service in, the token says for whom.

use axum::Json;
use axum::extract::State;
use ecotrack_chassis::ApiResult;
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::extract::Path;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::shapes::PaymentDue;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(open_payment))
}

/// Opens the payment of an order and says what is owed. Asked again it says the same.
#[utoipa::path(post, path = "/api/orders/{order_id}/payment", tag = "payment-service", params(("order_id" = Uuid, Path)),
    security(("bearer" = [])),
    responses(
        (status = 200, body = PaymentDue),
        (status = 404, description = "not there, or not the caller's"),
        (status = 409, description = "nothing to pay any more"),
    ))]
async fn open_payment(
    State(state): State<AppState>,
    caller: Caller,
    Path(order_id): Path<Uuid>,
) -> ApiResult<Json<PaymentDue>> {
    let order = state.orders.open_payment(caller.user_id, order_id).await?;
    Ok(Json(PaymentDue::from(&order)))
}
