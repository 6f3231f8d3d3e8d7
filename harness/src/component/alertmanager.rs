//! What Alertmanager is notifying about, and to whom.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{AskError, Endpoint, places};
use crate::cluster::Target;
use crate::suite::{Component, Suite};

/// A client of Alertmanager's API, version 2.
#[derive(Clone)]
pub struct Alertmanager {
    endpoint: Endpoint,
}

/// One alert as Alertmanager has it.
#[derive(Debug, Clone, Deserialize)]
pub struct RoutedAlert {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    receivers: Vec<Receiver>,
    status: Status,
}

#[derive(Debug, Clone, Deserialize)]
struct Receiver {
    name: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Status {
    state: String,
}

impl RoutedAlert {
    /// Receivers that its routes lead to; the operator writes them as `namespace/object/receiver`, here the last part.
    pub fn receivers(&self) -> impl Iterator<Item = &str> {
        self.receivers.iter().map(|receiver| receiver.name.rsplit('/').next().unwrap_or_default())
    }

    /// `active`, `suppressed` or `unprocessed`.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.status.state
    }
}

impl Component for Alertmanager {
    async fn connect(suite: &Suite) -> anyhow::Result<Self> {
        let target = Target::service(places::OBSERVABILITY, "alertmanager-operated", 9093);
        Ok(Self { endpoint: Endpoint::forwarded(suite, "Alertmanager", target).await? })
    }
}

impl Alertmanager {
    /// Alerts with the given label.
    pub async fn fetch_alerts(
        &self,
        label: &str,
        value: &str,
    ) -> Result<Vec<RoutedAlert>, AskError> {
        let matcher = format!("{label}=\"{value}\"");
        self.endpoint.get("/api/v2/alerts", &[("filter", matcher.as_str())]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_names_its_receivers_without_the_operators_prefix() {
        let json = r#"[{"annotations":{"summary":"x"},"endsAt":"2026-11-22T19:10:00.000Z","fingerprint":"0badc0de",
            "receivers":[{"name":"observability/ecotrack/pagerduty"}],"startsAt":"2026-11-22T19:06:00.000Z",
            "status":{"inhibitedBy":[],"mutedBy":[],"silencedBy":[],"state":"active"},"updatedAt":"2026-11-22T19:06:10.000Z",
            "labels":{"alertname":"ServiceUnavailable","drill":"a1","severity":"critical"}}]"#;
        let alerts: Vec<RoutedAlert> = serde_json::from_str(json).unwrap();
        assert_eq!(alerts[0].receivers().collect::<Vec<_>>(), ["pagerduty"]);
        assert_eq!(alerts[0].state(), "active");
    }
}
