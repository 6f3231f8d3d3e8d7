//! Nobody is paged: the alert's route leads to the receiver that does nothing.

use anyhow::{Context, ensure};
use async_trait::async_trait;
use kube::core::DynamicObject;
use serde_json::{Value, json};

use super::change::{Grant, Plan, merge_patch};
use super::{Change, Sabotage};
use crate::cluster::manifests::{find, reference};
use crate::component::alertmanager::Alertmanager;
use crate::component::places;
use crate::eventually::{Observed, Unmet};
use crate::suite::Suite;

const NAME: &str = "ecotrack";
const PAGED: &str = "pagerduty";
const NOBODY: &str = "none";

/// What should page goes nowhere.
pub(super) struct AlertToNull;

impl AlertToNull {
    fn object() -> DynamicObject {
        reference(
            "monitoring.coreos.com/v1alpha1",
            "AlertmanagerConfig",
            Some(places::OBSERVABILITY),
            NAME,
        )
    }

    /// Where Alertmanager itself, by the configuration it has loaded, sends what should page.
    async fn loaded(suite: &Suite) -> anyhow::Result<String> {
        let alertmanager = suite.component::<Alertmanager>().await?;
        let receiver = alertmanager.fetch_route("receiver", PAGED).await?;
        receiver.with_context(|| {
            format!("the configuration that Alertmanager has loaded has no route for {PAGED}")
        })
    }
}

/// The routes with those that lead to `from` leading to `to`.
fn rerouted(routes: &Value, from: &str, to: &str) -> Option<Value> {
    let mut routes = routes.clone();
    let mut changed = false;
    for route in routes.as_array_mut()? {
        if route["receiver"] == from {
            route["receiver"] = json!(to);
            changed = true;
        }
    }
    changed.then_some(routes)
}

#[async_trait]
impl Sabotage for AlertToNull {
    fn name(&self) -> &'static str {
        "alert-to-null"
    }

    async fn plan(&self, suite: &Suite) -> anyhow::Result<Plan> {
        let found = find(suite.cluster(), &Self::object())
            .await?
            .context("there is no alertmanagerconfig observability/ecotrack")?;
        let routes = &found.data["spec"]["route"]["routes"];
        let silenced = rerouted(routes, PAGED, NOBODY)
            .with_context(|| format!("no route of alertmanagerconfig {NAME} leads to {PAGED}"))?;
        ensure!(
            found.data["spec"]["receivers"].as_array().is_some_and(|receivers| receivers
                .iter()
                .any(|receiver| receiver["name"] == NOBODY)),
            "alertmanagerconfig {NAME} has no receiver {NOBODY}"
        );
        let path = format!(
            "/apis/monitoring.coreos.com/v1alpha1/namespaces/{}/alertmanagerconfigs/{NAME}",
            places::OBSERVABILITY
        );
        let with = |routes: &Value| {
            vec![merge_patch(&path, &json!({"spec": {"route": {"routes": routes}}}))]
        };
        let grant = Grant {
            namespace: places::OBSERVABILITY.to_owned(),
            group: "monitoring.coreos.com",
            resource: "alertmanagerconfigs",
            name: NAME.to_owned(),
            verb: "patch",
        };
        Ok(Plan {
            change: Change { make: with(&silenced), revert: with(routes) },
            grants: vec![grant],
        })
    }

    async fn armed(&self, suite: &Suite) -> Observed<String> {
        match Self::loaded(suite).await? {
            receiver if receiver == NOBODY => {
                Ok(format!("Alertmanager has loaded a route of {PAGED} to {NOBODY}"))
            }
            receiver => {
                Err(Unmet::not_yet(format!("Alertmanager still routes {PAGED} to {receiver}")))
            }
        }
    }

    async fn gone(&self, suite: &Suite) -> Observed<String> {
        match Self::loaded(suite).await? {
            receiver if receiver == PAGED => {
                Ok(format!("Alertmanager has loaded a route of {PAGED} to {PAGED}"))
            }
            receiver => {
                Err(Unmet::not_yet(format!("Alertmanager still routes {PAGED} to {receiver}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_routes_to_the_receiver_are_changed() {
        let routes = json!([{"receiver": "slack"}, {"receiver": "pagerduty", "matchers": [1]}]);
        let expected = json!([{"receiver": "slack"}, {"receiver": "none", "matchers": [1]}]);
        assert_eq!(rerouted(&routes, "pagerduty", "none"), Some(expected));
        assert_eq!(rerouted(&routes, "nobody", "none"), None);
        assert_eq!(rerouted(&Value::Null, "pagerduty", "none"), None);
    }
}
