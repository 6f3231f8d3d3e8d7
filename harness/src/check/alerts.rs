//! Where an alert stands.

use super::{Checked, judge, listed};
use crate::component::alertmanager::RoutedAlert;
use crate::component::prometheus::Alert;

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

/// Alertmanager routes the alert to this receiver and to no other.
pub fn routed_to(receiver: &str) -> impl Fn(&[RoutedAlert]) -> Checked + '_ {
    move |alerts: &[RoutedAlert]| {
        let seen = listed(alerts.iter().flat_map(RoutedAlert::receivers));
        judge(
            seen == receiver,
            format!("the alert routed to {receiver} alone"),
            format!("routed to {seen}"),
        )
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
                r#"[{{"labels":{{}},"status":{{"state":"active"}},"receivers":{receivers}}}]"#
            ))
            .unwrap()
        };
        assert!(routed_to("pagerduty")(&parse(r#"[{"name":"pagerduty"}]"#)).is_ok());
        assert!(
            routed_to("pagerduty")(&parse(r#"[{"name":"pagerduty"},{"name":"slack"}]"#)).is_err()
        );
        assert!(routed_to("pagerduty")(&parse(r#"[{"name":"none"}]"#)).is_err());
    }
}
