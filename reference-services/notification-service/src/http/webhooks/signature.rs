//! Whether a report is a provider's.

use axum::http::HeaderMap;
use chrono::Utc;
use ecotrack_chassis::config::Secrets;
use ecotrack_chassis::{ApiError, ApiResult};
use secrecy::SecretString;

use crate::metrics::{Verdict, WebhookMetrics};

/// A provider that reports: its name in metrics, the file of its secret, and of the one before.
#[derive(Clone, Copy)]
pub(super) struct Sender {
    name: &'static str,
    secret: &'static str,
    previous: &'static str,
}

/// The mail provider.
pub(super) const SENDGRID: Sender = Sender {
    name: "sendgrid",
    secret: "sendgrid-webhook-secret",
    previous: "sendgrid-webhook-secret-previous",
};
/// The provider of text messages.
pub(super) const TWILIO: Sender = Sender {
    name: "twilio",
    secret: "twilio-webhook-secret",
    previous: "twilio-webhook-secret-previous",
};

/// Checks signatures and counts what came of them.
#[derive(Clone)]
pub(crate) struct Signatures {
    pub(crate) secrets: Secrets,
    pub(crate) metrics: WebhookMetrics,
}

impl Signatures {
    /// Believes a body or answers 400, with the reason in the log only. Secrets are read anew each time, so that a new one is in
    /// use at once, beside the one it replaces. Without a secret nobody is believed.
    pub(super) fn check(&self, sender: Sender, headers: &HeaderMap, body: &[u8]) -> ApiResult<()> {
        let header = headers.get(ecotrack_webhook::HEADER).and_then(|value| value.to_str().ok());
        let now = Utc::now().timestamp();
        let secrets = self.secrets_of(sender);
        let verdict = ecotrack_webhook::verify(&secrets, header.unwrap_or_default(), body, now);
        verdict.map_err(|refusal| {
            self.metrics.count(sender.name, Verdict::Refused);
            ApiError::bad_request("the signature is not valid").caused_by(refusal)
        })
    }

    /// Counts what became of a believed report.
    pub(super) fn count(&self, sender: Sender, verdict: Verdict) {
        self.metrics.count(sender.name, verdict);
    }

    fn secrets_of(&self, sender: Sender) -> Vec<SecretString> {
        let current = self.secrets.read(sender.secret).inspect_err(|error| {
            tracing::error!(error = format!("{error:#}"), "the secret of a webhook is not there");
        });
        // The one before is there only while it is being replaced.
        current.into_iter().chain(self.secrets.read(sender.previous)).collect()
    }
}
