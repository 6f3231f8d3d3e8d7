//! Placing and cancelling orders.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderValue;
use axum::response::{IntoResponse as _, Response};
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::error::Problem;
use ecotrack_chassis::extract::{Json, Path};
use ecotrack_chassis::idempotency::{Fingerprint, IdempotencyKey, Request};
use ecotrack_chassis::{ApiError, ApiResult};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::shapes::{OrderRequest, OrderView};
use crate::clients::Knowledge;
use crate::orders::{Placed, Wish};
use crate::state::AppState;

/// Largest body of an order, in bytes: the longest cart is a tenth of it.
const LARGEST_ORDER: usize = 64 * 1024;
/// Header of an answer that rests on a fallback.
const FALLBACK: &str = "x-fallback";

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(place_order))
        .layer(DefaultBodyLimit::max(LARGEST_ORDER))
        .routes(routes!(cancel_order))
}

/// A key as the interface describes it.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
#[allow(dead_code, reason = "only its description is used")]
pub(super) struct IdempotencyKeyText(String);

/// Places an order. Sent again under the same key it is placed once and answered the same.
#[utoipa::path(post, path = "/api/orders", tag = "orders", request_body = OrderRequest, security(("bearer" = [])),
    params(("Idempotency-Key" = IdempotencyKeyText, Header, description = "Names the request; the same key again is the same request")),
    responses(
        (status = 201, body = OrderView, description = "The order, placed now or when the key was used first", headers(
            ("idempotency-replayed" = Option<bool>, description = "`true` when it was placed before"),
            ("x-fallback" = Option<String>, description = "`cached_profile` when user-service was away"),
        )),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "The account is gone"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "Sold out, too many orders open, or the same request is being worked on",
            headers(("retry-after" = Option<u64>, description = "seconds, while it is being worked on"))),
        (status = 422, body = Problem, content_type = "application/problem+json",
            description = "Not a valid order, or the key was used for another request"),
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
        Placed::Now { answer, customer } => marked(answer.into_response(), customer),
        Placed::Before(answer) => answer.replay(),
    })
}

/// Says so if the answer rests on something other than what was asked for.
fn marked(mut response: Response, customer: Knowledge) -> Response {
    if customer == Knowledge::Cached {
        response.headers_mut().insert(FALLBACK, HeaderValue::from_static("cached_profile"));
    }
    response
}

/// Cancels an order, unless a payment is under way or done.
#[utoipa::path(post, path = "/api/orders/{order_id}/cancel", tag = "orders", params(("order_id" = Uuid, Path)),
    security(("bearer" = [])),
    responses(
        (status = 200, body = OrderView, description = "The order, cancelled"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "A payment is under way, or the order has ended"),
    ))]
async fn cancel_order(
    State(state): State<AppState>,
    caller: Caller,
    Path(order_id): Path<Uuid>,
) -> ApiResult<axum::Json<OrderView>> {
    let order = state.orders.cancel(caller.user_id, order_id).await?;
    Ok(axum::Json(OrderView::from(&order)))
}
