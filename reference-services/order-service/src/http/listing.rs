//! Reading orders: one, or a page of the caller's own.

use axum::Json;
use axum::extract::State;
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::extract::{Path, Query};
use ecotrack_chassis::{ApiError, ApiResult};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::shapes::{OrderPage, OrderView};
use crate::state::AppState;
use crate::store;

const USUAL_PAGE: i64 = 20;
const LARGEST_PAGE: i64 = 100;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_orders)).routes(routes!(get_order))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Page {
    /// At most so many, 1 to 100.
    limit: Option<i64>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

/// The caller's orders, newest first.
#[utoipa::path(get, path = "/api/orders", tag = "orders", params(Page), security(("bearer" = [])),
    responses((status = 200, body = OrderPage)))]
async fn list_orders(
    State(state): State<AppState>,
    caller: Caller,
    Query(page): Query<Page>,
) -> ApiResult<Json<OrderPage>> {
    let limit = page.limit.unwrap_or(USUAL_PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(ApiError::invalid_field("/limit", "must be 1 to 100"));
    }
    let before = page.cursor.map(|cursor| Uuid::parse_str(&cursor)).transpose();
    let before = before
        .map_err(|error| ApiError::bad_request("the cursor is not one of ours").caused_by(error))?;
    let mut conn = state.orders.database().acquire().await?;
    let mut orders = store::page(&mut conn, caller.user_id, before, limit + 1).await?;
    let more = i64::try_from(orders.len()).is_ok_and(|found| found > limit);
    if more {
        orders.pop();
    }
    let next_cursor = orders.last().filter(|_| more).map(|order| order.id);
    Ok(Json(OrderPage { items: orders.iter().map(OrderView::from).collect(), next_cursor }))
}

/// One of the caller's orders. Somebody else's is not there.
#[utoipa::path(get, path = "/api/orders/{order_id}", tag = "orders", params(("order_id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, body = OrderView), (status = 404, description = "not there, or not the caller's")))]
async fn get_order(
    State(state): State<AppState>,
    caller: Caller,
    Path(order_id): Path<Uuid>,
) -> ApiResult<Json<OrderView>> {
    let mut conn = state.orders.database().acquire().await?;
    let order =
        store::find(&mut conn, order_id, caller.user_id).await?.ok_or_else(ApiError::not_found)?;
    Ok(Json(OrderView::from(&order)))
}
