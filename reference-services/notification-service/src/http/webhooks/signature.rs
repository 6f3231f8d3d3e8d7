//! Whether a report is a provider's.

use axum::http::HeaderMap;
use ecotrack_chassis::webhook::Gate;
use ecotrack_chassis::{ApiError, ApiResult};

use crate::metrics::{Verdict, WebhookMetrics};

/// The mail provider.
pub(super) const SENDGRID: &str = "sendgrid";
/// The provider of text messages.
pub(super) const TWILIO: &str = "twilio";

/// Checks signatures and counts what came of them.
#[derive(Clone)]
pub(crate) struct Signatures {
    pub(crate) gate: Gate,
    pub(crate) metrics: WebhookMetrics,
}

impl Signatures {
    /// Believes a body, or says that it is not signed as it should be.
    pub(super) fn check(
        &self,
        provider: &'static str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> ApiResult<()> {
        self.gate.admit(provider, headers, body).map_err(|refused| {
            let error = ApiError::from(refused);
            if error.status().is_client_error() {
                self.metrics.count(provider, Verdict::Refused);
            } else {
                self.metrics.count(provider, Verdict::Failed);
            }
            error
        })
    }

    /// Counts what became of a believed report.
    pub(super) fn count(&self, provider: &'static str, verdict: Verdict) {
        self.metrics.count(provider, verdict);
    }
}
