//! Controls read from text, and what they complain of.

use super::*;
use crate::report::model::sample::scenario;

const ONE: &str = "
- id: mtls
  integration: istio
  title: plain text is let in
  sabotage: mtls-permissive
  red:
    - {feature: mesh/mtls.feature, scenario: Plaintext is refused, step: Then it is refused, reason: 'seen 503'}
  green:
    - {feature: mesh/mtls.feature, scenario: The twin passes}
";

fn control() -> Control {
    Controls::parse(ONE).unwrap().0.remove(0)
}

fn red(verdict: Verdict) -> ScenarioReport {
    ScenarioReport { name: "Plaintext is refused".into(), ..scenario(1, verdict) }
}

fn twin(verdict: Verdict) -> ScenarioReport {
    ScenarioReport { name: "The twin passes".into(), ..scenario(2, verdict) }
}

#[test]
fn red_where_and_why_it_had_to_be_is_no_complaint() {
    let said = control().judge(&[red(Verdict::Failed), twin(Verdict::Passed)]).unwrap();
    assert!(said.starts_with("`Plaintext is refused`: expected <200>"), "{said}");
    assert!(said.ends_with("1 others stayed green"), "{said}");
}

#[test]
fn a_scenario_that_stays_green_is_blind() {
    assert_eq!(
        control().complaints(&[red(Verdict::Passed)]),
        ["`Plaintext is refused` had to fail but is passed"]
    );
}

#[test]
fn a_scenario_without_a_judgement_is_no_red() {
    for verdict in [Verdict::Error, Verdict::Inconclusive, Verdict::NotSupported] {
        assert_eq!(control().complaints(&[red(verdict)]).len(), 1, "{verdict}");
    }
}

#[test]
fn red_at_another_step_or_for_another_reason_is_a_complaint() {
    let mut elsewhere = red(Verdict::Failed);
    elsewhere.steps[1].text = "Given a caller".into();
    assert!(control().complaints(&[elsewhere])[0].contains("failed at `Given a caller`"));
    let mut otherwise = red(Verdict::Failed);
    otherwise.reason = Some("timed out".into());
    assert!(control().complaints(&[otherwise])[0].contains("/seen 503/ but says: timed out"));
}

#[test]
fn any_other_scenario_that_turns_red_is_a_complaint() {
    let complaint =
        |other: ScenarioReport| control().judge(&[red(Verdict::Failed), other]).unwrap_err();
    assert!(complaint(twin(Verdict::Failed)).contains("had to stay green but is failed"));
    let stranger = scenario(3, Verdict::Inconclusive);
    assert!(complaint(stranger).contains("had to stay green but is inconclusive"));
}

#[test]
fn a_scenario_that_may_turn_red_may_stay_green_too() {
    let may = "  may:
    - {feature: mesh/mtls.feature, scenario: Bystander, why: it asks the same pod}
";
    let control = Controls::parse(&format!("{ONE}{may}")).unwrap().0.remove(0);
    let judged = |verdict: Verdict| {
        let bystander = ScenarioReport { name: "Bystander".into(), ..scenario(3, verdict) };
        control.judge(&[red(Verdict::Failed), bystander]).unwrap()
    };
    assert!(
        judged(Verdict::Failed).contains("`Bystander` turned red, as it may: it asks the same pod")
    );
    assert!(judged(Verdict::Passed).ends_with("1 others stayed green"));
}

#[test]
fn a_scenario_that_had_to_fail_and_did_not_run_is_a_complaint() {
    let complaint = control().judge(&[twin(Verdict::Passed)]).unwrap_err();
    assert_eq!(complaint, "`Plaintext is refused` had to fail but did not run");
}

const FEATURE: &str = "Feature: Mutual TLS
  @ECO-MSH-002
  Scenario: Plaintext is refused
    Then it is refused

  @ECO-MSH-002
  Scenario: The twin passes
    Then it passes

  @ECO-MSH-001
  Scenario: Bystander
    Then it passes

  @ECO-MSH-001 @serial
  Scenario: One that runs alone
    Then it passes
";

#[test]
fn watched_is_what_it_names_and_whatever_runs_beside_others() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mesh")).unwrap();
    std::fs::write(folder.path().join("mesh/mtls.feature"), FEATURE).unwrap();
    let catalogue = Catalogue::read(folder.path()).unwrap();
    let mut open: BTreeSet<Address> =
        catalogue.entries().iter().map(|entry| entry.address.clone()).collect();
    let watched = control().watched(&catalogue, &open).unwrap();
    assert_eq!(watched.iter().map(|address| address.line).collect::<Vec<_>>(), [3, 7, 11]);
    open.retain(|address| address.line != 3);
    let cause = control().watched(&catalogue, &open).unwrap_err();
    assert!(cause.contains("mesh/mtls.feature:3 cannot run on this cluster"), "{cause}");
}

#[test]
fn doubles_blank_controls_and_bad_patterns_are_refused() {
    assert!(Controls::parse(&format!("{ONE}{ONE}")).unwrap_err().contains("twice"));
    assert!(
        Controls::parse("- {id: a, integration: istio, title: t, sabotage: s, red: []}")
            .unwrap_err()
            .contains("no scenario")
    );
    assert!(Controls::parse(&ONE.replace("seen 503", "(")).is_err());
    assert!(Controls::parse(&ONE.replace("integration: istio", "integration: magic")).is_err());
}

#[test]
fn an_unknown_control_names_the_known_ones() {
    assert_eq!(
        Controls::parse(ONE).unwrap().select(Some("x")).unwrap_err(),
        "there is no control `x`, only mtls"
    );
}

#[test]
fn every_declared_control_names_scenarios_steps_and_a_sabotage_that_exist() {
    let features = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("features");
    let catalogue = Catalogue::read(&features).unwrap();
    let sabotages: BTreeSet<&str> =
        crate::fault::all().iter().map(|sabotage| sabotage.name()).collect();
    let controls = Controls::read(&features).unwrap();
    for control in controls.select(None).unwrap() {
        assert!(sabotages.contains(control.sabotage.as_str()), "{}", control.id);
        control.scenarios(&catalogue).unwrap();
        for red in &control.red {
            let mut entries = catalogue
                .entries()
                .iter()
                .filter(|entry| entry.address.path == red.feature && entry.name == red.scenario);
            assert!(
                entries.all(|entry| entry.steps.contains(&red.step)),
                "control {} names the step `{}`, which its scenario does not have",
                control.id,
                red.step
            );
        }
    }
}
