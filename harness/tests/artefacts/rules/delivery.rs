//! Every alert says how bad it is, whom it tells, and what to do; and that person and that page exist.

use serde::Deserialize;

use super::{alerts, entry};
use crate::repository::{files, repeated, root, stem, text, yaml};

const ROUTES: &str = "deploy/platform/observability/stack/alertmanager/routes.yaml";
const SEVERITIES: [&str; 2] = ["critical", "warning"];
/// What somebody who was woken up looks for, in this order.
const SECTIONS: [&str; 4] = ["## Meaning", "## Impact", "## Diagnosis", "## Mitigation"];

#[derive(Deserialize)]
struct Configuration {
    spec: Spec,
}

#[derive(Deserialize)]
struct Spec {
    route: Root,
    receivers: Vec<Receiver>,
}

#[derive(Deserialize)]
struct Root {
    routes: Vec<Route>,
}

#[derive(Deserialize)]
struct Route {
    receiver: String,
    matchers: Vec<Matcher>,
}

#[derive(Deserialize)]
struct Matcher {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct Receiver {
    name: String,
}

#[test]
fn every_alert_has_a_severity_and_a_receiver_that_a_route_leads_to() {
    let spec = yaml::<Configuration>(ROUTES).spec;
    for (alert, rule) in alerts() {
        let severity = entry(&rule.labels, "severity");
        assert!(
            SEVERITIES.contains(&severity),
            "{alert}: severity is {severity:?}, expected one of {SEVERITIES:?}"
        );
        let receiver = entry(&rule.labels, "receiver");
        let leads = |route: &&Route| {
            route.receiver == receiver
                && route
                    .matchers
                    .iter()
                    .any(|matcher| matcher.name == "receiver" && matcher.value == receiver)
        };
        assert!(
            spec.route.routes.iter().any(|route| leads(&route)),
            "{alert}: no route in {ROUTES} leads to receiver {receiver:?}"
        );
    }
}

#[test]
fn every_route_leads_to_a_receiver_that_exists() {
    let spec = yaml::<Configuration>(ROUTES).spec;
    for route in &spec.route.routes {
        assert!(
            spec.receivers.iter().any(|receiver| receiver.name == route.receiver),
            "{ROUTES}: no receiver named {}",
            route.receiver
        );
    }
}

#[test]
fn every_alert_is_explained() {
    for (alert, rule) in alerts() {
        assert!(rule.hold.is_some(), "{alert}: without `for` a single sample would wake somebody");
        assert!(!entry(&rule.annotations, "summary").is_empty(), "{alert}: no summary");
        assert!(
            entry(&rule.annotations, "description").contains("$value"),
            "{alert}: the description does not say what was seen"
        );
        let page = format!("alerts/runbooks/{alert}.md");
        let link = entry(&rule.annotations, "runbook_url");
        assert!(
            link.ends_with(&page),
            "{alert}: runbook_url is {link:?}, expected it to end with {page}"
        );
        assert!(root().join(&page).is_file(), "{alert}: no runbook page {page}");
    }
}

#[test]
fn every_alert_has_a_name_of_its_own() {
    let names: Vec<String> = alerts().into_iter().map(|(name, _)| name).collect();
    assert_eq!(repeated(names.iter().map(String::as_str)), [] as [&str; 0]);
}

#[test]
fn every_runbook_belongs_to_an_alert_and_answers_the_four_questions_in_order() {
    let alerts = alerts();
    for page in files("alerts/runbooks", "md") {
        assert!(
            alerts.iter().any(|(name, _)| name == stem(&page)),
            "{}: there is no alert of that name",
            page.display()
        );
        let text = text(&page);
        let places: Vec<Option<usize>> =
            SECTIONS.iter().map(|section| text.find(section)).collect();
        assert!(
            places.iter().all(Option::is_some) && places.is_sorted(),
            "{}: expected the sections {SECTIONS:?} in order",
            page.display()
        );
    }
}
