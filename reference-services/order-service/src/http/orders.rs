//! Placing and cancelling orders.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::extract::{Json, Path};
use ecotrack_chassis::idempotency::{Fingerprint, IdempotencyKey, Request};
use ecotrack_chassis::{ApiError, ApiResult};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::shapes::{OrderRequest, OrderView};
use crate::orders::{Placed, Wish};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(place_order)).routes(routes!(cancel_order))
}

/// Places an order. Sent again under the same key it is placed once and answered the same.
#[utoipa::path(post, path = "/api/orders", tag = "orders", request_body = OrderRequest, security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, description = "1 to 255 printable characters")),
    responses(
        (status = 201, body = OrderView),
        (status = 400, description = "no Idempotency-Key, or not JSON"),
        (status = 409, description = "sold out, or the same request is being worked on"),
        (status = 422, description = "not a valid order, or the key was used for another request"),
    ))]
async fn place_order(
    State(state): State<AppState>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<OrderRequest>,
) -> ApiResult<Response> {
    let cart =
        body.cart().map_err(|error| ApiError::invalid_field(error.pointer(), error.to_string()))?;
    let wish = Wish { cart, payment_method: body.payment_method() };
    let fingerprint = Fingerprint::of(&body).map_err(ApiError::internal)?;
    let request =
        Request { user_id: caller.user_id, operation: "place-order", key: &key, fingerprint };
    let placed = state
        .orders
        .place(&caller, &request, &wish, |order| serde_json::to_string(&OrderView::from(order)));
    Ok(match placed.await? {
        Placed::Now(answer) => answer.into_response(),
        Placed::Before(answer) => answer.replay(),
    })
}

/// Cancels an order, unless a payment is under way or done.
#[utoipa::path(post, path = "/api/orders/{order_id}/cancel", tag = "orders", params(("order_id" = Uuid, Path)),
    security(("bearer" = [])),
    responses(
        (status = 200, body = OrderView),
        (status = 404, description = "not there, or not the caller's"),
        (status = 409, description = "too late"),
    ))]
async fn cancel_order(
    State(state): State<AppState>,
    caller: Caller,
    Path(order_id): Path<Uuid>,
) -> ApiResult<axum::Json<OrderView>> {
    let order = state.orders.cancel(caller.user_id, order_id).await?;
    Ok(axum::Json(OrderView::from(&order)))
}
