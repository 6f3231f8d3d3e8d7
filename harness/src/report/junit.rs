//! The report as JUnit: a suite per feature with a case per scenario, a suite of the negative controls, and a suite with the run's own
//! result, so that whoever reads only JUnit sees red whenever the exit code says so.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::model::{ControlReport, PhaseReport, Report, ScenarioReport};
use crate::verdict::{Exit, Verdict};

/// The suite of the negative controls.
const CONTROLS: &str = "Negative controls";
/// The suite of the run itself.
const RUN: &str = "Run";

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
        let name = scenarios.first().map_or(path, |scenario| scenario.feature.as_str());
        let cases = scenarios.iter().map(|scenario| case(scenario));
        let took = scenarios.iter().map(|scenario| scenario.took_ms).sum();
        out.add_test_suite(suite(report, name, took, cases));
    }
    if !report.controls.is_empty() {
        let took = report.controls.iter().map(|control| control.took_ms).sum();
        out.add_test_suite(suite(report, CONTROLS, took, report.controls.iter().map(control)));
    }
    out.add_test_suite(suite(report, RUN, report.took_ms, [result(report)]));
    out.to_string()
}

fn suite(
    report: &Report,
    name: &str,
    took_ms: u64,
    cases: impl IntoIterator<Item = TestCase>,
) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.add_property(Property::new("run", report.run.as_str()));
    suite.add_property(Property::new("context", report.cluster.context.as_str()));
    suite.add_property(Property::new("result", report.result.to_string()));
    suite.set_time(Duration::from_millis(took_ms));
    suite.add_test_cases(cases);
    suite
}

/// What the run concludes and why: breaches of the profile and an end before its time are in no scenario.
fn result(report: &Report) -> TestCase {
    let mut status = match report.exit_code {
        Exit::Success => TestCaseStatus::success(),
        Exit::Partial => TestCaseStatus::skipped(),
        Exit::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Exit::Usage | Exit::Harness | Exit::TimedOut | Exit::Interrupted => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
    };
    if report.exit_code != Exit::Success {
        status.set_message(report.reasons.join("; "));
        status.set_type(report.result.to_string());
    }
    let mut case = TestCase::new("Everything that was asked for was shown", status);
    case.set_classname(RUN);
    case.set_time(Duration::from_millis(report.took_ms));
    case.add_property(Property::new("exit_code", report.exit_code.code().to_string()));
    case.set_system_out(report.not_shown.as_str());
    case
}

/// A negative control; what did not hold of one that is not proven is its message.
fn control(control: &ControlReport) -> TestCase {
    let told = |phase: &PhaseReport| format!("{}: {}", phase.name, phase.seen);
    let mut status = TestCaseStatus::success();
    if !control.proven {
        let broken: Vec<String> =
            control.phases.iter().filter(|phase| !phase.held).map(told).collect();
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(broken.join("; "));
        status.set_type("not_proven");
    }
    let mut case = TestCase::new(control.title.as_str(), status);
    case.set_classname(control.id.as_str());
    case.set_time(Duration::from_millis(control.took_ms));
    case.add_property(Property::new("proven", control.proven.to_string()));
    case.set_system_out(control.phases.iter().map(told).collect::<Vec<_>>().join("\n"));
    case
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
    use crate::report::model::sample::{broken, report, report_of, scenario};

    /// How many cases there are, and how many of them failed, were errors, were skipped.
    fn counts(xml: &str) -> [usize; 4] {
        ["<testcase ", "<failure ", "<error ", "<skipped "].map(|tag| xml.matches(tag).count())
    }

    #[test]
    fn every_verdict_lands_in_its_class() {
        let xml = junit(&report()).unwrap();
        // Seven scenarios, one proven control, and the result, which is a failure.
        assert_eq!(counts(&xml), [9, 2, 2, 3], "{xml}");
        assert!(xml.contains("<skipped message=\"expected &lt;200&gt; &amp; &quot;ok&quot;, seen 503 (not_supported)\""), "{xml}");
    }

    #[test]
    fn what_is_wrong_beside_the_scenarios_is_a_failure_too() {
        let xml = junit(&broken()).unwrap();
        assert_eq!(counts(&xml), [4, 2, 0, 0], "{xml}");
        assert!(
            xml.contains("<failure message=\"red: seen &lt;503&gt;\" type=\"not_proven\""),
            "{xml}"
        );
        assert!(
            xml.contains("falco absent, but it is there; 1 negative control not proven"),
            "{xml}"
        );
    }

    #[test]
    fn the_result_has_the_class_of_the_exit_code() {
        let passed = || report_of(vec![scenario(1, Verdict::Passed)]);
        for (exit, expected) in [
            (Exit::Success, [3, 0, 0, 0]),
            (Exit::Failed, [3, 1, 0, 0]),
            (Exit::Harness, [3, 0, 1, 0]),
            (Exit::TimedOut, [3, 0, 1, 0]),
            (Exit::Interrupted, [3, 0, 1, 0]),
            (Exit::Partial, [3, 0, 0, 1]),
        ] {
            let report = Report { exit_code: exit, reasons: vec!["why".into()], ..passed() };
            let xml = junit(&report).unwrap();
            assert_eq!(counts(&xml), expected, "{exit:?}: {xml}");
        }
    }
}
