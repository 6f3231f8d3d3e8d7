//! Every alert is tested firing, silent beyond its boundary, and without any data.

use serde::Deserialize;
use serde_yaml_ng::Value;

use super::{alerts, rules};
use crate::repository::{files, repeated, yaml};

#[derive(Deserialize)]
struct TestFile {
    tests: Vec<UnitTest>,
}

#[derive(Deserialize)]
struct UnitTest {
    name: String,
    input_series: Vec<Value>,
    #[serde(default)]
    alert_rule_test: Vec<AlertTest>,
    #[serde(default)]
    promql_expr_test: Vec<ExpressionTest>,
}

#[derive(Deserialize)]
struct AlertTest {
    alertname: String,
    exp_alerts: Vec<Value>,
}

#[derive(Deserialize)]
struct ExpressionTest {
    expr: String,
}

impl UnitTest {
    /// Whether the test expects the alert to fire (`true`) or to stay silent (`false`) at some time.
    fn expects(&self, alert: &str, firing: bool) -> bool {
        self.alert_rule_test
            .iter()
            .any(|test| test.alertname == alert && test.exp_alerts.is_empty() != firing)
    }

    fn asks_for(&self, alert: &str) -> bool {
        self.alert_rule_test.iter().any(|test| test.alertname == alert)
            || self.promql_expr_test.iter().any(|test| test.expr.contains(alert))
    }
}

fn unit_tests() -> Vec<UnitTest> {
    files("alerts/tests", "yaml").iter().flat_map(|path| yaml::<TestFile>(path).tests).collect()
}

#[test]
fn every_alert_is_tested_on_both_sides_of_its_boundary_and_without_data() {
    let tests = unit_tests();
    for (alert, _) in alerts() {
        assert!(
            tests.iter().any(|test| test.expects(&alert, true)),
            "{alert}: no unit test in which it fires with its labels and annotations"
        );
        let silent = |test: &&UnitTest| {
            test.expects(&alert, false)
                && !test.expects(&alert, true)
                && !test.input_series.is_empty()
        };
        assert!(
            tests.iter().any(|test| silent(&test)),
            "{alert}: no unit test in which data is there and it stays silent throughout"
        );
        let in_time = |test: &&UnitTest| test.expects(&alert, false) && test.expects(&alert, true);
        assert!(
            tests.iter().any(|test| in_time(&test)),
            "{alert}: no unit test that is silent just before `for` is over and fires after it"
        );
        let empty = |test: &&UnitTest| test.input_series.is_empty() && test.asks_for(&alert);
        assert!(tests.iter().any(|test| empty(&test)), "{alert}: no unit test without any data");
    }
}

#[test]
fn every_record_is_tested_or_judged_by_an_alert() {
    let tests = unit_tests();
    let judged: Vec<String> = alerts().into_iter().map(|(_, rule)| rule.expr).collect();
    for record in rules().into_iter().filter_map(|rule| rule.record) {
        let used = judged.iter().any(|expression| expression.contains(&record));
        let tested = tests
            .iter()
            .flat_map(|test| &test.promql_expr_test)
            .any(|test| test.expr.contains(&record));
        assert!(used || tested, "{record}: no alert judges it and no unit test asks for it");
    }
}

#[test]
fn unit_tests_have_names_of_their_own() {
    let tests = unit_tests();
    assert_eq!(repeated(tests.iter().map(|test| test.name.as_str())), [] as [&str; 0]);
}
