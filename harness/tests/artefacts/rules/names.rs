//! Every metric that a rule or a runbook asks for is one that somebody emits.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::rules;
use crate::promql::metrics;
use crate::registry::known_metrics;
use crate::repository::{files, text};

static BLOCK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?s)```promql\n(.*?)```").unwrap());

/// Names that recording rules add to those of the registry.
pub(crate) fn recorded() -> BTreeSet<String> {
    rules().into_iter().filter_map(|rule| rule.record).collect()
}

/// Fails with the first metric that nobody emits.
pub(crate) fn assert_known(place: &str, expression: &str) {
    let (known, recorded) = (known_metrics(), recorded());
    for name in metrics(expression) {
        assert!(
            known.contains(&name) || recorded.contains(&name),
            "{place}: {name} is neither in reference-services/contracts/telemetry/registry.yaml nor recorded by a rule"
        );
    }
}

#[test]
fn every_metric_of_a_rule_is_emitted() {
    for rule in rules() {
        let name = rule.alert.or(rule.record).expect("a rule has a name");
        assert!(!metrics(&rule.expr).is_empty(), "{name}: reads no metric");
        assert_known(&name, &rule.expr);
    }
}

#[test]
fn every_metric_of_a_runbook_is_emitted() {
    for page in files("alerts/runbooks", "md") {
        let text = text(&page);
        let queries: Vec<&str> = BLOCK
            .captures_iter(&text)
            .filter_map(|block| block.get(1))
            .flat_map(|block| block.as_str().lines())
            .collect();
        assert!(!queries.is_empty(), "{}: a diagnosis without a query", page.display());
        for query in queries {
            assert_known(&page.display().to_string(), query);
        }
    }
}
