//! The negative controls: each names scenarios and steps that exist, a reason that can be matched, and every headline integration has one.

use regex::Regex;
use serde::Deserialize;

use super::repository::{repeated, yaml};
use super::scenarios::{self, Found};

const PATH: &str = "features/controls.yaml";
/// An integration whose checks were never seen red proves nothing.
const HEADLINES: [&str; 4] = ["istio", "traces", "alertmanager", "openbao"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Control {
    id: String,
    integration: String,
    title: String,
    sabotage: String,
    red: Vec<Red>,
    #[serde(default)]
    green: Vec<Reference>,
    #[serde(default)]
    may: Vec<May>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Red {
    feature: String,
    scenario: String,
    step: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    feature: String,
    scenario: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct May {
    feature: String,
    scenario: String,
    why: String,
}

fn controls() -> Vec<Control> {
    yaml(PATH)
}

/// The scenario of that name in that file, or a failure that names the control.
fn expect<'a>(all: &'a [Found], control: &str, feature: &str, scenario: &str) -> &'a Found {
    let here = |found: &&Found| found.path.ends_with(feature) && found.name == scenario;
    all.iter().find(here).unwrap_or_else(|| {
        panic!("{PATH}: {control}: no scenario {scenario:?} in features/{feature}")
    })
}

#[test]
fn every_control_has_an_id_of_its_own_and_something_to_turn_red() {
    let controls = controls();
    assert_eq!(
        repeated(controls.iter().map(|control| control.id.as_str())),
        [] as [&str; 0],
        "{PATH}"
    );
    for control in &controls {
        assert!(
            !control.red.is_empty(),
            "{PATH}: {}: a control that turns nothing red",
            control.id
        );
        assert!(
            !control.title.is_empty() && !control.sabotage.is_empty(),
            "{PATH}: {}: no title or sabotage",
            control.id
        );
    }
}

#[test]
fn every_scenario_and_step_of_a_control_exists() {
    let all = scenarios::all();
    for control in controls() {
        for red in &control.red {
            let found = expect(&all, &control.id, &red.feature, &red.scenario);
            assert!(
                found.steps.contains(&red.step),
                "{PATH}: {}: {:?} has no step {:?}",
                control.id,
                red.scenario,
                red.step
            );
            assert!(
                Regex::new(&red.reason).is_ok(),
                "{PATH}: {}: the reason is no pattern: {}",
                control.id,
                red.reason
            );
        }
        for green in &control.green {
            expect(&all, &control.id, &green.feature, &green.scenario);
            let both = control
                .red
                .iter()
                .any(|red| red.feature == green.feature && red.scenario == green.scenario);
            assert!(!both, "{PATH}: {}: {:?} cannot be red and green", control.id, green.scenario);
        }
    }
}

#[test]
fn what_may_turn_red_runs_beside_others_is_nothing_else_and_has_a_reason() {
    let all = scenarios::all();
    for control in controls() {
        let id = &control.id;
        for may in &control.may {
            let found = expect(&all, id, &may.feature, &may.scenario);
            assert!(!may.why.is_empty(), "{PATH}: {id}: {:?} may turn red, but why?", may.scenario);
            // Alone it does not run under the sabotage unless it has to.
            assert!(!found.tags.contains("serial"), "{PATH}: {id}: {:?} runs alone", may.scenario);
            let red = control.red.iter().map(|red| (&red.feature, &red.scenario));
            let green = control.green.iter().map(|green| (&green.feature, &green.scenario));
            let both = red.chain(green).any(|named| named == (&may.feature, &may.scenario));
            assert!(!both, "{PATH}: {id}: {:?} has to and may", may.scenario);
        }
    }
}

#[test]
fn every_headline_integration_has_a_control() {
    let controls = controls();
    for integration in HEADLINES {
        assert!(
            controls.iter().any(|control| control.integration == integration),
            "{PATH}: no control for {integration}"
        );
    }
}
