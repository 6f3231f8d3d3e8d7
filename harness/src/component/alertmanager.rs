//! What Alertmanager is notifying about, and to whom.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{AskError, Endpoint};
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
}

#[derive(Deserialize)]
struct Running {
    config: Loaded,
}

#[derive(Deserialize)]
struct Loaded {
    original: String,
}

#[derive(Deserialize)]
struct Configuration {
    route: Route,
}

/// A node of the tree of routes.
#[derive(Deserialize)]
struct Route {
    receiver: Option<String>,
    #[serde(default)]
    matchers: Vec<String>,
    #[serde(default)]
    routes: Vec<Route>,
}

impl Route {
    /// The receiver of the first route, in the order Alertmanager tries them, that wants this label.
    fn find(&self, matcher: &str) -> Option<&str> {
        let own =
            self.receiver.as_deref().filter(|_| self.matchers.iter().any(|own| own == matcher));
        own.or_else(|| self.routes.iter().find_map(|route| route.find(matcher)))
    }
}

#[derive(Debug, Clone, Deserialize)]
struct Receiver {
    name: String,
}

impl RoutedAlert {
    /// Receivers that its routes lead to; the operator writes them as `namespace/object/receiver`, here the last part.
    pub fn receivers(&self) -> impl Iterator<Item = &str> {
        self.receivers.iter().map(|receiver| receiver.name.rsplit('/').next().unwrap_or_default())
    }
}

impl Component for Alertmanager {
    async fn connect(suite: &Suite) -> anyhow::Result<Self> {
        let at = &suite.cluster().interfaces().alertmanager;
        Ok(Self { endpoint: Endpoint::forwarded(suite, "Alertmanager", at).await? })
    }
}

impl Alertmanager {
    /// The receiver that the loaded configuration names for a label, without the operator's prefix.
    pub async fn fetch_route(&self, label: &str, value: &str) -> Result<Option<String>, AskError> {
        let path = "/api/v2/status";
        let running: Running = self.endpoint.get(path, &[]).await?;
        let text = running.config.original;
        let unreadable =
            |error: serde_yaml_ng::Error| self.endpoint.unreadable(path, &error.to_string(), &text);
        let configuration: Configuration = serde_yaml_ng::from_str(&text).map_err(unreadable)?;
        let receiver = configuration.route.find(&format!("{label}=\"{value}\""));
        Ok(receiver.map(|name| name.rsplit('/').next().unwrap_or_default().to_owned()))
    }

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
    }

    #[test]
    fn a_route_is_found_by_the_label_it_wants_however_deep() {
        let yaml = "{receiver: 'null', routes: [{receiver: o/e/none, routes: [{receiver: o/e/slack, matchers: ['receiver=\"slack\"']}, {receiver: o/e/none, matchers: ['receiver=\"pagerduty\"']}]}]}";
        let route: Route = serde_yaml_ng::from_str(yaml).unwrap();
        assert_eq!(route.find("receiver=\"pagerduty\""), Some("o/e/none"));
        assert_eq!(route.find("receiver=\"nobody\""), None);
    }
}
