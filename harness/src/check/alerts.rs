//! Where an alert stands.

use super::{Checked, judge, listed};
use crate::component::alertmanager::RoutedAlert;
use crate::component::prometheus::Alert;
use crate::services::LedgerEntry;

/// Prometheus has the alert for this service in this state.
pub fn in_state<'a>(application: &'a str, state: &'a str) -> impl Fn(&[Alert]) -> Checked + 'a {
    move |alerts: &[Alert]| {
        let found = |alert: &&Alert| {
            alert.labels.get("application").is_some_and(|name| name == application)
        };
        let states = listed(alerts.iter().filter(found).map(|alert| alert.state));
        judge(states == state, format!("the alert of {application} {state}"), states)
    }
}

/// Alertmanager routes the alert of this service to this receiver and to no other.
pub fn routed_to<'a>(
    service: &'a str,
    receiver: &'a str,
) -> impl Fn(&[RoutedAlert]) -> Checked + 'a {
    move |alerts: &[RoutedAlert]| {
        let about = |alert: &&RoutedAlert| {
            alert.labels.get("application").is_some_and(|name| name == service)
        };
        let seen = listed(alerts.iter().filter(about).flat_map(RoutedAlert::receivers));
        let expected = format!("the alert of {service} routed to {receiver} alone");
        judge(seen == receiver, expected, format!("routed to {seen}"))
    }
}

/// `PagerDuty` was told this about the service: `trigger` or `resolve`.
pub fn paged<'a>(action: &'a str, service: &'a str) -> impl Fn(&[LedgerEntry]) -> Checked + 'a {
    move |entries: &[LedgerEntry]| {
        let about = |entry: &&LedgerEntry| entry.body["request"].to_string().contains(service);
        let told = entries.iter().filter(about).filter_map(LedgerEntry::event_action);
        let seen = listed(told.clone());
        judge(told.clone().any(|seen| seen == action), format!("{action} for {service}"), seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(application: &str, state: &'static str) -> Alert {
        let labels = [("application".to_owned(), application.to_owned())].into();
        Alert { labels, state }
    }

    #[test]
    fn another_services_alert_does_not_count() {
        let alerts = [alert("order-service", "firing"), alert("product-service", "pending")];
        assert!(in_state("order-service", "firing")(&alerts).is_ok());
        assert!(
            in_state("product-service", "firing")(&alerts)
                .unwrap_err()
                .to_string()
                .contains("pending")
        );
        assert!(
            in_state("user-service", "firing")(&alerts).unwrap_err().to_string().contains("none")
        );
    }

    #[test]
    fn a_second_receiver_is_a_mismatch() {
        let parse = |receivers: &str| -> Vec<RoutedAlert> {
            serde_json::from_str(&format!(
                r#"[{{"labels":{{"application":"product-service"}},"status":{{"state":"active"}},"receivers":{receivers}}}]"#
            ))
            .unwrap()
        };
        assert!(
            routed_to("product-service", "pagerduty")(&parse(r#"[{"name":"pagerduty"}]"#)).is_ok()
        );
        assert!(
            routed_to("product-service", "pagerduty")(&parse(
                r#"[{"name":"pagerduty"},{"name":"slack"}]"#
            ))
            .is_err()
        );
        assert!(routed_to("product-service", "pagerduty")(&parse(r#"[{"name":"none"}]"#)).is_err());
        assert!(
            routed_to("user-service", "pagerduty")(&parse(r#"[{"name":"pagerduty"}]"#)).is_err()
        );
    }

    #[test]
    fn a_page_about_another_service_does_not_count() {
        let entries = |action: &str, service: &str| -> Vec<LedgerEntry> {
            serde_json::from_value(serde_json::json!([{
                "at": "2026-11-22T20:00:00Z", "operation": "enqueue", "outcome": "accepted",
                "body": {"request": {"event_action": action, "payload": {"component": service}}},
            }]))
            .unwrap()
        };
        let trigger = paged("trigger", "product-service");
        assert!(trigger(&entries("trigger", "product-service")).is_ok());
        assert!(trigger(&entries("trigger", "user-service")).is_err());
        assert!(
            trigger(&entries("resolve", "product-service"))
                .unwrap_err()
                .to_string()
                .contains("resolve")
        );
    }
}
