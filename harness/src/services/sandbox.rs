//! The outside world's own record: what `Stripe`, `SendGrid`, `PagerDuty` and the others were really told.

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::cluster::Target;
use crate::component::{AskError, Endpoint, places};
use crate::suite::{Component, Suite};

/// A client of `provider-sandbox`.
#[derive(Clone)]
pub struct Sandbox {
    endpoint: Endpoint,
}

/// One request that a provider received.
#[derive(Debug, Clone, Deserialize)]
pub struct LedgerEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// For what.
    pub operation: String,
    /// `accepted`, `declined`, `replayed`, `failed` or `unanswered`.
    pub outcome: String,
    /// `request`, `status` and `response`.
    pub body: Value,
}

impl LedgerEntry {
    /// What `PagerDuty` was told to do, where it was told.
    #[must_use]
    pub fn event_action(&self) -> Option<&str> {
        self.body["request"]["event_action"].as_str()
    }
}

impl Component for Sandbox {
    async fn connect(suite: &Suite) -> Result<Self> {
        let target = Target::service(places::EXTERNAL, "provider-sandbox", 80);
        Ok(Self { endpoint: Endpoint::forwarded(suite, "provider-sandbox", target).await? })
    }
}

impl Sandbox {
    /// What a provider received that contains `text`, newest first.
    pub async fn fetch_received(
        &self,
        provider: &str,
        text: &str,
    ) -> Result<Vec<LedgerEntry>, AskError> {
        self.endpoint.get("/ledger", &[("provider", provider), ("contains", text)]).await
    }
}
