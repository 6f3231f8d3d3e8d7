//! The report as JUnit: a suite per feature, a case per scenario.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::model::{Report, ScenarioReport};
use crate::verdict::Verdict;

/// Writes the JUnit form. `failed` is a failure, `error` and `inconclusive` are errors, the rest that did not pass is skipped.
pub fn junit(report: &Report) -> Result<String, SerializeError> {
    let mut out = quick_junit::Report::new(format!("conformance {}", report.run));
    out.set_timestamp(report.started);
    out.set_time(Duration::from_millis(report.took_ms));
    let mut suites: BTreeMap<&str, Vec<&ScenarioReport>> = BTreeMap::new();
    for scenario in &report.scenarios {
        suites.entry(scenario.address.path.as_str()).or_default().push(scenario);
    }
    for (path, scenarios) in suites {
        out.add_test_suite(suite(report, path, &scenarios));
    }
    out.to_string()
}

fn suite(report: &Report, path: &str, scenarios: &[&ScenarioReport]) -> TestSuite {
    let name = scenarios.first().map_or(path, |scenario| scenario.feature.as_str());
    let mut suite = TestSuite::new(name);
    suite.add_property(Property::new("run", report.run.as_str()));
    suite.add_property(Property::new("context", report.cluster.context.as_str()));
    suite.add_property(Property::new("result", report.result.to_string()));
    suite.set_time(scenarios.iter().map(|scenario| Duration::from_millis(scenario.took_ms)).sum());
    suite.add_test_cases(scenarios.iter().map(|scenario| case(scenario)));
    suite
}

fn case(scenario: &ScenarioReport) -> TestCase {
    let mut case = TestCase::new(scenario.name.as_str(), status(scenario));
    case.set_classname(scenario.address.to_string());
    case.set_time(Duration::from_millis(scenario.took_ms));
    if let Some(started) = scenario.started {
        case.set_timestamp(started);
    }
    case.add_property(Property::new("verdict", scenario.verdict.name()));
    for requirement in &scenario.requirements {
        case.add_property(Property::new("requirement", requirement.as_str()));
    }
    let steps: Vec<String> =
        scenario.steps.iter().map(|step| format!("{} ({} ms)", step.text, step.took_ms)).collect();
    case.set_system_out(steps.join("\n"));
    case
}

fn status(scenario: &ScenarioReport) -> TestCaseStatus {
    let mut status = match scenario.verdict {
        Verdict::Passed => return TestCaseStatus::success(),
        Verdict::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Error | Verdict::Inconclusive => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
        Verdict::NotSupported | Verdict::NotApplicable | Verdict::Skipped => {
            TestCaseStatus::skipped()
        }
    };
    status.set_message(scenario.reason.clone().unwrap_or_default());
    status.set_type(scenario.verdict.name());
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::sample::report;

    #[test]
    fn every_verdict_lands_in_its_class() {
        let xml = junit(&report()).unwrap();
        assert!(xml.contains(r#"tests="7""#), "{xml}");
        assert!(xml.contains(r#"failures="1""#), "{xml}");
        assert!(xml.contains(r#"errors="2""#), "{xml}");
        assert!(xml.contains("<skipped message=\"expected &lt;200&gt; &amp; &quot;ok&quot;, seen 503 (not_supported)\""), "{xml}");
    }
}
