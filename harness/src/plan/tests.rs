//! Plans read from a folder written for the test.

use super::*;

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

#[test]
fn what_the_run_did_not_live_to_see_is_reported_as_skipped() {
    let plan = Plan::read(features().path(), None, "embedded").unwrap();
    let open = plan.gate(&capabilities()).open;
    let unfinished = plan.unfinished(&open, &[]);
    assert_eq!((unfinished.len(), unfinished[0].verdict), (1, Verdict::Skipped));
    assert!(plan.unfinished(&open, &unfinished).is_empty());
}
