//! What the outside world saw, for those who judge.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use ecotrack_chassis::ApiResult;
use ecotrack_chassis::error::Problem;
use ecotrack_chassis::extract::Query;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;
use crate::provider::Provider;
use crate::store::{self, Entry, Filter};

const USUAL_LIMIT: u32 = 100;
const HIGHEST_LIMIT: u32 = 1000;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(read))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Question {
    /// Only this provider's entries.
    provider: Option<Provider>,
    /// Only entries with this text in key, reference or body.
    contains: Option<String>,
    /// Only entries since this moment (RFC 3339).
    since: Option<DateTime<Utc>>,
    /// Only entries before this one, by its `id`: the way to the next page.
    before: Option<i64>,
    /// At most so many, 100 if not said, 1000 at most.
    limit: Option<u32>,
}

/// Reads the ledger, newest first.
#[utoipa::path(get, path = "/ledger", tag = "judge", params(Question),
    responses((status = 200, body = Vec<Entry>, description = "the entries"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "not a query we can read"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "a value is not valid"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "the ledger is away")))]
async fn read(
    State(desk): State<Desk>,
    Query(question): Query<Question>,
) -> ApiResult<Json<Vec<Entry>>> {
    let filter = Filter {
        provider: question.provider,
        contains: question.contains,
        since: question.since,
        before: question.before,
        limit: question.limit.unwrap_or(USUAL_LIMIT).min(HIGHEST_LIMIT).into(),
    };
    let mut conn = desk.database().acquire().await?;
    Ok(Json(store::entries(&mut conn, &filter).await?))
}
