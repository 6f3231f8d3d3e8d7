//! The ids that a scenario sends with its requests, and finds its own traces, lines and events by.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::RequestBuilder;
use uuid::Uuid;

use crate::scenario::Identity;

/// A correlation id, and the scenario's sampled trace with one span that every request hangs below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids {
    correlation_id: Uuid,
    trace_id: String,
    traceparent: String,
    since: DateTime<Utc>,
}

/// How far the cluster's clocks may lag behind ours.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(5);

impl Ids {
    /// The scenario's own ids.
    #[must_use]
    pub fn of(identity: &Identity) -> Self {
        Self {
            correlation_id: identity.correlation_id(),
            trace_id: identity.trace_id(),
            traceparent: identity.traceparent(),
            since: Utc::now() - CLOCK_TOLERANCE,
        }
    }

    /// Ids of a second request that has nothing to do with the first: another correlation id, another trace.
    #[must_use]
    pub fn unrelated() -> Self {
        Self::of(&Identity::generate())
    }

    /// The value of `x-correlation-id`.
    #[must_use]
    pub fn correlation_id(&self) -> String {
        self.correlation_id.to_string()
    }

    /// The trace id, 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        &self.trace_id
    }

    /// The span that every request of the scenario hangs below; the scenario itself writes no span.
    #[must_use]
    pub fn root_span(&self) -> &str {
        self.traceparent.split('-').nth(2).unwrap_or_default()
    }

    /// When the scenario began, with room for the cluster's clocks: nothing of it is older.
    #[must_use]
    pub fn since(&self) -> DateTime<Utc> {
        self.since
    }

    /// The headers of every request.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, String); 2] {
        [("traceparent", self.traceparent.clone()), ("x-correlation-id", self.correlation_id())]
    }

    pub(super) fn on(&self, request: RequestBuilder) -> RequestBuilder {
        self.headers()
            .into_iter()
            .fold(request, |request, (name, value)| request.header(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_span_is_the_one_in_traceparent() {
        let ids = Ids::unrelated();
        let [(_, traceparent), (_, correlation)] = ids.headers();
        assert_eq!(traceparent, format!("00-{}-{}-01", ids.trace_id(), ids.root_span()));
        assert_eq!(correlation, ids.correlation_id());
        assert_eq!(ids.root_span().len(), 16);
    }

    #[test]
    fn unrelated_requests_share_no_id() {
        let (one, two) = (Ids::unrelated(), Ids::unrelated());
        assert_ne!(one.trace_id(), two.trace_id());
        assert_ne!(one.correlation_id(), two.correlation_id());
    }
}
