//! Reading orders: one, a page of the caller's own, or what happened to one.

use axum::Json;
use axum::extract::State;
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::error::Problem;
use ecotrack_chassis::extract::{Path, Query};
use ecotrack_chassis::page::{Page, PageQuery};
use ecotrack_chassis::{ApiError, ApiResult};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::shapes::{History, OrderView};
use crate::domain::status::Status;
use crate::state::AppState;
use crate::store::{self, Selection};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_orders))
        .routes(routes!(get_order))
        .routes(routes!(get_history))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listed {
    /// Only orders of this status.
    #[param(inline, value_type = Option<Status>)]
    status: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
    /// Where the page before ended: its `next_cursor`.
    #[param(max_length = 512)]
    cursor: Option<String>,
}

impl Listed {
    fn status(&self) -> ApiResult<Option<Status>> {
        let known = |name: &String| {
            Status::from_name(name)
                .ok_or_else(|| ApiError::invalid_field("/status", "not a status of orders"))
        };
        self.status.as_ref().map(known).transpose()
    }
}

/// The caller's orders, newest first.
#[utoipa::path(get, path = "/api/orders", tag = "orders", params(Listed), security(("bearer" = [])),
    responses(
        (status = 200, body = Page<OrderView>, description = "A page of orders"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is out of range"),
    ))]
async fn list_orders(
    State(state): State<AppState>,
    caller: Caller,
    Query(listed): Query<Listed>,
) -> ApiResult<Json<Page<OrderView>>> {
    let page = PageQuery::parse(listed.limit, listed.cursor.as_deref())?;
    let selection =
        Selection { user_id: caller.user_id, status: listed.status()?, after: page.after };
    let mut conn = state.orders.database().acquire().await?;
    let orders = store::page(&mut conn, selection, page.limit.with_lookahead()).await?;
    let page = Page::new(orders, page.limit, |order| order.id);
    Ok(Json(page.map(|order| OrderView::from(&order))))
}

/// One of the caller's orders. Somebody else's is not there.
#[utoipa::path(get, path = "/api/orders/{order_id}", tag = "orders", params(("order_id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, body = OrderView, description = "The order")))]
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

/// What happened to one of the caller's orders, from the beginning.
#[utoipa::path(get, path = "/api/orders/{order_id}/history", tag = "orders", params(("order_id" = Uuid, Path)),
    security(("bearer" = [])),
    responses((status = 200, body = History, description = "Every step so far")))]
async fn get_history(
    State(state): State<AppState>,
    caller: Caller,
    Path(order_id): Path<Uuid>,
) -> ApiResult<Json<History>> {
    let mut conn = state.orders.database().acquire().await?;
    let entries = store::history::of(&mut conn, order_id, caller.user_id).await?;
    if entries.is_empty() {
        return Err(ApiError::not_found());
    }
    Ok(Json(History::from(entries)))
}
