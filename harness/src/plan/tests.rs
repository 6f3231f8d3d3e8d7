//! Plans read from a folder written for the test.

use chrono::Utc;

use super::*;
use crate::report::Report;
use crate::report::model::sample::control;
use crate::report::model::{ClusterFacts, Mode};
use crate::run_id::RunId;
use crate::verdict::{Ending, Exit, RunResult};

const FEATURE: &str = "Feature: Mutual TLS
  @ECO-MSH-002 @core @requires.istio
  Scenario: Plaintext is refused
    Then it is refused

  @ECO-POL-004 @extended @requires.falco
  Scenario: A shell is noticed
    Then it is noticed
";

fn features() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("mesh.feature", FEATURE),
        ("requirements.yaml", "- {id: ECO-MSH-002, title: t, level: core}"),
        ("profiles.yaml", "any: {}\nembedded: {required: [istio], lacking: {falco: no driver}}"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn capabilities() -> BTreeMap<Capability, Presence> {
    BTreeMap::from([
        (Capability::Istio, Presence::Present { version: "1".into(), proof: "p".into() }),
        (Capability::Falco, Presence::Absent { proof: "no daemon set".into() }),
    ])
}

#[test]
fn what_the_cluster_lacks_is_reported_and_the_rest_runs() {
    let plan = Plan::read(features().path(), None, "embedded").unwrap();
    let gated = plan.gate(&capabilities());
    assert_eq!(gated.open.len(), 1);
    assert_eq!(gated.closed[0].verdict, Verdict::NotSupported);
    assert_eq!(gated.closed[0].steps[0].outcome, StepOutcome::NotReached);
    assert_eq!(
        plan.not_shown(&gated.closed, &capabilities()),
        "Not shown: falco (absent by declaration); 1 scenario not supported here."
    );
}

#[test]
fn a_selection_counts_the_core_scenarios_it_leaves_out() {
    let plan = Plan::read(features().path(), Some("@requires.falco"), "any").unwrap();
    assert_eq!((plan.selection().selected, plan.selection().core_left_out), (1, 1));
}

#[test]
fn a_selection_of_nothing_and_a_broken_expression_are_refused() {
    assert!(matches!(
        Plan::read(features().path(), Some("@nothing"), "any"),
        Err(PlanError::NothingSelected(_))
    ));
    assert!(matches!(
        Plan::read(features().path(), Some("@a and and"), "any"),
        Err(PlanError::Expression(_))
    ));
}

#[test]
fn absence_by_declaration_is_known_to_the_judgement() {
    let plan = Plan::read(features().path(), None, "embedded").unwrap();
    let closed = plan.gate(&capabilities()).closed;
    assert!(plan.judged(&closed[0], &capabilities()).declared_absent);
    let undeclared = Plan::read(features().path(), None, "any").unwrap();
    assert!(!undeclared.judged(&closed[0], &capabilities()).declared_absent);
}

/// The report of a run in which the plaintext scenario passed and that had this proof to give.
fn report(proof: Option<Proof>) -> Report {
    let plan = Plan::read(features().path(), None, "any").unwrap();
    let passed = blank(&plan.catalogue().entries()[0], Verdict::Passed);
    let cluster = ClusterFacts { context: "test".into(), version: "v1.36.3".into() };
    let ran = Ran { started: Utc::now(), ending: Ending::Complete, scenarios: vec![passed], proof };
    plan.report_on(RunId::generate(), cluster, &BTreeMap::new(), ran)
}

#[test]
fn a_run_of_controls_says_that_it_is_one_and_counts_what_it_needed() {
    let report = report(Some(Proof { controls: vec![control(true)], left_out: 0 }));
    assert_eq!((report.mode, report.result), (Mode::Prove, RunResult::Success));
    assert_eq!((report.selection.known, report.selection.selected), (2, 1));
    assert_eq!(
        report.not_shown,
        "Not shown: conformance; 1 of 1 negative controls proven with 1 of 2 scenarios."
    );
}

#[test]
fn a_run_of_controls_is_judged_by_its_controls() {
    let unproven = report(Some(Proof { controls: vec![control(false)], left_out: 0 }));
    assert_eq!((unproven.exit_code, unproven.controls.len()), (Exit::Failed, 1));
    let one_of_four = report(Some(Proof { controls: vec![control(true)], left_out: 3 }));
    assert_eq!(one_of_four.exit_code, Exit::Partial);
    let none = report(None);
    assert_eq!((none.mode, none.controls.len()), (Mode::Run, 0));
}

#[test]
fn what_the_run_did_not_live_to_see_is_reported_as_skipped() {
    let plan = Plan::read(features().path(), None, "embedded").unwrap();
    let open = plan.gate(&capabilities()).open;
    let unfinished = plan.unfinished(&open, &[]);
    assert_eq!((unfinished.len(), unfinished[0].verdict), (1, Verdict::Skipped));
    assert!(plan.unfinished(&open, &unfinished).is_empty());
}
