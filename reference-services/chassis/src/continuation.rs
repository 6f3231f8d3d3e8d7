//! Going on with work that was put down in a row: in its trace, under its correlation id, for its user.

use std::{collections::HashMap, hash::BuildHasher, sync::Arc};

use opentelemetry::baggage::BaggageExt as _;
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use uuid::Uuid;

use crate::{
    context::{self, USER_ID, WorkContext},
    telemetry::propagation::{self, CORRELATION_HEADER},
};

/// Runs a future in `span`, made a child of what [`propagation::outgoing`] said when the row was written.
pub async fn resume<F: Future, S: BuildHasher>(
    headers: &HashMap<String, String, S>,
    business_context: &str,
    span: Span,
    future: F,
) -> F::Output {
    let parent = propagation::extract(headers);
    let correlation_id = headers.get(CORRELATION_HEADER).map(String::as_str);
    let work = WorkContext::inherit(&parent, correlation_id, business_context);
    if let Some(user) =
        parent.baggage().get(USER_ID).and_then(|user| Uuid::parse_str(user.as_str()).ok())
    {
        work.set_user(user);
    }
    // A span that was never entered takes its parent; nothing to do about one that does not.
    span.set_parent(parent).ok();
    context::scope(Arc::new(work), future.instrument(span)).await
}
