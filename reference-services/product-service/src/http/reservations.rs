//! `POST /api/products/reservations` and `DELETE /api/products/reservations/{order_id}`: for order-service alone, as the
//! mesh sees to.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use ecotrack_chassis::{
    ApiError, ApiResult,
    auth::Caller,
    error::Problem,
    extract::{Json, Path},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{Granted, Line, Wish},
    stock::{Reservation, Stock},
};

/// What an order wants.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reserve {
    order_id: Uuid,
    /// No product twice.
    #[schema(min_items = 1, max_items = 100, value_type = BTreeSet<ReserveLine>)]
    items: Vec<ReserveLine>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReserveLine {
    #[schema(example = "01900000-0000-7000-8000-000000000008")]
    product_id: Uuid,
    #[schema(minimum = 1, maximum = 1000, example = 1)]
    quantity: i32,
}

/// What is held, and the price it was held at.
#[derive(Serialize, ToSchema)]
pub(super) struct Reserved {
    order_id: Uuid,
    /// Until when it is held for an order that nobody pays; null once a payment is under way.
    expires_at: Option<DateTime<Utc>>,
    items: Vec<ReservedLine>,
}

#[derive(Serialize, ToSchema)]
struct ReservedLine {
    product_id: Uuid,
    quantity: i32,
    /// Decimal text, for example `12.50`.
    unit_price: String,
    /// ISO 4217.
    currency: &'static str,
}

/// Holds stock for an order, on behalf of its customer. Asked again for the same order, the answer is the same.
#[utoipa::path(post, path = "/api/products/reservations", operation_id = "reserve_stock", tag = "orders", request_body = Reserve, security(("bearer" = [])), responses(
    (status = 200, body = Reserved, description = "It was held before"),
    (status = 201, body = Reserved),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "Sold out, reserved otherwise, or given up before"),
))]
pub(super) async fn reserve(
    _caller: Caller,
    State(stock): State<Stock>,
    Json(request): Json<Reserve>,
) -> ApiResult<(StatusCode, axum::Json<Reserved>)> {
    let line = |line: ReserveLine| Line { product_id: line.product_id, quantity: line.quantity };
    let wish = Wish::parse(request.order_id, request.items.into_iter().map(line).collect())
        .map_err(ApiError::invalid)?;
    let reservation = stock.reserve(&wish).await?;
    let status = if reservation.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(reservation.into())))
}

/// Gives stock back. The service decides that itself, also when no customer is there, so there is no token. An order that never
/// reserved is remembered, so that its reservation is refused should it arrive late.
#[utoipa::path(delete, path = "/api/products/reservations/{order_id}", operation_id = "release_stock", tag = "orders", params(("order_id" = Uuid, Path,)), responses(
    (status = 204, description = "The order holds nothing"),
))]
pub(super) async fn release(
    State(stock): State<Stock>,
    Path(order_id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    stock.release(order_id).await.map(|()| StatusCode::NO_CONTENT)
}

impl From<Reservation> for Reserved {
    fn from(reservation: Reservation) -> Self {
        let Reservation { order_id, expires_at, lines, .. } = reservation;
        Self { order_id, expires_at, items: lines.into_iter().map(ReservedLine::from).collect() }
    }
}

impl From<Granted> for ReservedLine {
    fn from(granted: Granted) -> Self {
        Self {
            product_id: granted.line.product_id,
            quantity: granted.line.quantity,
            unit_price: granted.unit_price.to_decimal(),
            currency: granted.unit_price.currency().code(),
        }
    }
}
