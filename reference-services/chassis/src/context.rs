//! What is known about the piece of work at hand: who it is for and what it belongs to.
//!
//! It travels with the task, appears in every log line and goes along with calls and events as baggage.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::Duration,
};

use opentelemetry::baggage::BaggageExt as _;
use tokio::time::Instant;
use uuid::Uuid;

/// Longest correlation id or business context we take over from a caller, in bytes.
const MAX_LENGTH: usize = 128;

/// Baggage keys, as the telemetry registry names them.
pub(crate) const USER_ID: &str = "user-id";
pub(crate) const CORRELATION_ID: &str = "correlation-id";
pub(crate) const BUSINESS_CONTEXT: &str = "business-context";

tokio::task_local! {
    static CURRENT: Arc<WorkContext>;
}

/// The piece of work at hand: one request, or one event being consumed.
#[derive(Debug)]
pub struct WorkContext {
    /// Shared by everything one caller started, across services.
    pub correlation_id: String,
    /// The business operation it belongs to, for example `orders`.
    pub business_context: String,
    /// Unique to this request or delivery.
    pub request_id: Uuid,
    user_id: OnceLock<String>,
    session_id: OnceLock<String>,
    ends_at: OnceLock<Instant>,
}

impl WorkContext {
    /// Takes over what the caller's baggage says; what is absent or malformed is made anew.
    ///
    /// The user is *not* taken over: for a request only a verified token says who it is.
    #[must_use]
    pub fn inherit(
        parent: &opentelemetry::Context,
        correlation_id: Option<&str>,
        business_context: &str,
    ) -> Self {
        let baggage = |key| parent.baggage().get(key).map(|value| value.as_str().to_owned());
        let acceptable = |text: &String| is_acceptable(text);
        Self {
            correlation_id: correlation_id
                .map(str::to_owned)
                .filter(acceptable)
                .or_else(|| baggage(CORRELATION_ID).filter(acceptable))
                .unwrap_or_else(|| Uuid::now_v7().to_string()),
            business_context: baggage(BUSINESS_CONTEXT)
                .filter(acceptable)
                .unwrap_or_else(|| business_context.to_owned()),
            request_id: Uuid::now_v7(),
            user_id: OnceLock::new(),
            session_id: OnceLock::new(),
            ends_at: OnceLock::new(),
        }
    }

    /// Says whom the work is for. The first word counts.
    pub fn set_user(&self, user_id: Uuid) {
        self.user_id.get_or_init(|| user_id.to_string());
    }

    /// Says which session the work belongs to. The first word counts.
    pub fn set_session(&self, session_id: Uuid) {
        self.session_id.get_or_init(|| session_id.to_string());
    }

    /// Says how long there is for the work. The first word counts.
    pub(crate) fn set_time(&self, time: Duration) {
        self.ends_at.get_or_init(|| Instant::now() + time);
    }

    /// What is left of the time, if it is limited.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.ends_at.get().map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// The user, once known.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.get().map(String::as_str)
    }

    /// The session, once known.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.get().map(String::as_str)
    }
}

/// The context of the running task, if it has one.
#[must_use]
pub fn current() -> Option<Arc<WorkContext>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Runs a future in a context.
pub fn scope<F: Future>(context: Arc<WorkContext>, future: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(context, future)
}

/// Only what is safe in a header, a log line and a label.
fn is_acceptable(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_LENGTH
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn correlation_id_for(given: &str) -> String {
        WorkContext::inherit(&opentelemetry::Context::new(), Some(given), "users").correlation_id
    }

    #[test]
    fn a_plain_correlation_id_is_taken_over() {
        assert_eq!(correlation_id_for("run-7:scenario.2"), "run-7:scenario.2");
    }

    #[test]
    fn a_correlation_id_that_could_forge_a_log_line_is_replaced() {
        for given in ["", "a b", "a\nb", "a\"b", "ä", &"x".repeat(129)] {
            assert!(Uuid::parse_str(&correlation_id_for(given)).is_ok(), "{given:?}");
        }
    }
}
