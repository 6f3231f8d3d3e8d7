//! Faults on demand, for those who judge.

use axum::extract::State;
use axum::http::StatusCode;
use ecotrack_chassis::error::Problem;
use ecotrack_chassis::extract::{Json, Path, Query};
use ecotrack_chassis::{ApiError, ApiResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;
use crate::fault::{ArmedFault, Fault, FaultRequest};
use crate::provider::Provider;
use crate::store;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(arm, disarm))
}

#[derive(Debug, Serialize, ToSchema)]
struct Faults {
    faults: Vec<ArmedFault>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Only the fault for this text; without it all of the provider's.
    r#match: Option<String>,
}

/// The faults in force.
#[utoipa::path(get, path = "/faults", tag = "judge",
    responses((status = 200, body = Faults, description = "the faults in force"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "the faults are away")))]
async fn list(State(desk): State<Desk>) -> ApiResult<axum::Json<Faults>> {
    let mut conn = desk.database().acquire().await?;
    Ok(axum::Json(Faults { faults: store::in_force(&mut conn).await? }))
}

/// Arms a fault. It ends by itself.
#[utoipa::path(put, path = "/faults/{provider}", tag = "judge", params(("provider" = Provider, Path)), request_body = FaultRequest,
    responses((status = 200, body = ArmedFault, description = "in force"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "not JSON"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "no such provider"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "a body too large"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "not declared as JSON"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "out of bounds"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "the faults are away")))]
async fn arm(
    State(desk): State<Desk>,
    Path(provider): Path<Provider>,
    Json(request): Json<FaultRequest>,
) -> ApiResult<axum::Json<ArmedFault>> {
    let fault = Fault::parse(request)
        .map_err(|error| ApiError::invalid_field(format!("/{}", error.field), error.reason))?;
    let mut conn = desk.database().acquire().await?;
    Ok(axum::Json(store::arm(&mut conn, provider, &fault).await?))
}

/// Ends faults before their time.
#[utoipa::path(delete, path = "/faults/{provider}", tag = "judge", params(("provider" = Provider, Path), Which),
    responses((status = 204, description = "gone"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "no such provider"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "a parameter nobody knows"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "the faults are away")))]
async fn disarm(
    State(desk): State<Desk>,
    Path(provider): Path<Provider>,
    Query(which): Query<Which>,
) -> ApiResult<StatusCode> {
    let mut conn = desk.database().acquire().await?;
    store::disarm(&mut conn, provider, which.r#match.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}
