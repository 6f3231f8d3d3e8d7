//! The outside world: its own record of what `Stripe`, `SendGrid`, `PagerDuty` and the others were really told, and what can be
//! asked of it beside that.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Money;
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
    /// `accepted`, `declined`, `replayed`, `refused`, `failed` or `unanswered`.
    pub outcome: String,
    /// `request`, `status` and `response`.
    pub body: Value,
}

/// Something that a provider does wrong to whatever contains a text. The sandbox itself ends it when its time is over.
#[derive(Debug, Clone, Serialize)]
pub struct ProviderFault {
    mode: &'static str,
    r#match: String,
    ttl_seconds: u64,
    delay_ms: Option<u64>,
}

/// A fault as the sandbox knows it.
#[derive(Debug, Clone, Deserialize)]
pub struct ArmedFault {
    /// What goes wrong.
    pub mode: String,
    /// To whatever contains this.
    pub r#match: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// How often it was met.
    pub hits: u64,
}

#[derive(Deserialize)]
struct Faults {
    faults: Vec<ArmedFault>,
}

/// A refund, as `Stripe` answers it.
#[derive(Debug, Clone, Deserialize)]
pub struct Refund {
    /// The provider's own id of it.
    pub id: String,
    /// In minor units.
    pub amount: i64,
    /// `succeeded`.
    pub status: String,
}

impl ProviderFault {
    /// The provider does what it is asked and never answers.
    #[must_use]
    pub fn answer_lost(about: &str, life: Duration) -> Self {
        Self::new("answer_lost", about, life)
    }

    /// The provider sends every report five times.
    #[must_use]
    pub fn reports_repeated(about: &str, life: Duration) -> Self {
        Self::new("webhook_duplicate", about, life)
    }

    /// The provider sends no report before the fault's life is over.
    #[must_use]
    pub fn reports_kept_back(about: &str, life: Duration) -> Self {
        let delay_ms = Some(life.as_secs() * 1_000);
        Self { delay_ms, ..Self::new("webhook_delay", about, life) }
    }

    fn new(mode: &'static str, about: &str, life: Duration) -> Self {
        Self { mode, r#match: about.to_owned(), ttl_seconds: life.as_secs(), delay_ms: None }
    }
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

    /// Makes a provider do something wrong.
    pub async fn arm(&self, provider: &str, fault: &ProviderFault) -> Result<ArmedFault, AskError> {
        let path = format!("/faults/{provider}");
        let request = self.endpoint.request(Method::PUT, &path).json(fault);
        self.endpoint.json(&format!("PUT {path}"), request).await
    }

    /// Ends what a provider does wrong to whatever contains a text.
    pub async fn disarm(&self, provider: &str, about: &str) -> Result<(), AskError> {
        let path = format!("/faults/{provider}");
        let request = self.endpoint.request(Method::DELETE, &path).query(&[("match", about)]);
        self.endpoint.text(&format!("DELETE {path}"), request).await.map(drop)
    }

    /// The fault in force for a text, if there is one.
    pub async fn find_fault(&self, about: &str) -> Result<Option<ArmedFault>, AskError> {
        let answer: Faults = self.endpoint.get("/faults", &[]).await?;
        Ok(answer.faults.into_iter().find(|fault| fault.r#match == about))
    }

    /// Pays a charge back, all of it or a part, as somebody does who sits at `Stripe`'s own dashboard.
    pub async fn refund(&self, charge: &str, part: Option<&Money>) -> Result<Refund, AskError> {
        let amount = part.map(|part| ("amount", part.minor().to_string()));
        let form: Vec<_> =
            [("payment_intent", charge.to_owned())].into_iter().chain(amount).collect();
        let path = "/stripe/v1/refunds";
        // The sandbox takes any credential.
        let request = self.endpoint.request(Method::POST, path).bearer_auth("dashboard");
        self.endpoint.json(&format!("POST {path}"), request.form(&form)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_bound_in_time_and_to_what_it_is_about() {
        let life = Duration::from_mins(1);
        let lost = serde_json::to_value(ProviderFault::answer_lost("o-1", life)).unwrap();
        assert_eq!(lost["match"], "o-1");
        assert_eq!((&lost["ttl_seconds"], &lost["delay_ms"]), (&60.into(), &Value::Null));
        let kept = serde_json::to_value(ProviderFault::reports_kept_back("pi_1", life)).unwrap();
        assert_eq!(kept["delay_ms"], 60_000);
    }
}
