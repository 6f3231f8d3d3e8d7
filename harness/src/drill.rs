//! A drill: a copy of a shipped alert with a short `for` and a label of its own. What is rehearsed is the real expression and the real route.

use anyhow::{Context, Result};
use kube::api::DynamicObject;
use serde_json::{Value, json};

use crate::component::places;

/// The rules as they are shipped.
const RULES: [&str; 4] = [
    include_str!("../../alerts/rules/availability.yaml"),
    include_str!("../../alerts/rules/http.yaml"),
    include_str!("../../alerts/rules/business.yaml"),
    include_str!("../../alerts/rules/payments.yaml"),
];
/// Long enough to be seen pending between two evaluations, short enough to wait for.
const FOR: &str = "8s";
/// Keeps a rehearsed alert apart from a real one of the same name.
pub const LABEL: &str = "drill";

/// The rule of a drill called `name`.
pub fn rule(alert: &str, name: &str) -> Result<DynamicObject> {
    let mut rule =
        shipped(alert)?.with_context(|| format!("no rule in alerts/rules is called {alert}"))?;
    rule["for"] = json!(FOR);
    rule["labels"][LABEL] = json!(name);
    let object = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule",
        "metadata": {"name": format!("{LABEL}-{name}"), "namespace": places::CONFORMANCE},
        "spec": {"groups": [{"name": format!("{LABEL}-{name}"), "rules": [rule]}]},
    });
    Ok(serde_json::from_value(object)?)
}

fn shipped(alert: &str) -> Result<Option<Value>> {
    for text in RULES {
        let file: Value =
            serde_yaml_ng::from_str(text).context("a shipped rule file is no YAML")?;
        let groups = file["spec"]["groups"].as_array().cloned().unwrap_or_default();
        let rules =
            groups.iter().flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default());
        if let Some(found) = rules.into_iter().find(|rule| rule["alert"] == alert) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_is_the_shipped_rule_with_a_label_and_a_short_wait() {
        let drill = rule("ServiceUnavailable", "a1").unwrap();
        let rule = &drill.data["spec"]["groups"][0]["rules"][0];
        assert_eq!(rule["expr"], shipped("ServiceUnavailable").unwrap().unwrap()["expr"]);
        assert_eq!(
            (&rule["for"], &rule["labels"]["drill"], &rule["labels"]["receiver"]),
            (&json!(FOR), &json!("a1"), &json!("pagerduty"))
        );
    }

    #[test]
    fn an_alert_that_is_not_shipped_cannot_be_drilled() {
        assert!(rule("NoSuchAlert", "a1").is_err());
    }
}
