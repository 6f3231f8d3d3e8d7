//! Negative controls: each integration sabotaged once, to see exactly its scenarios turn red, for the declared reason.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;
use serde::Deserialize;

use crate::capability::Capability;
use crate::catalogue::{Address, Catalogue, CatalogueError};
use crate::report::model::{ScenarioReport, StepOutcome};
use crate::verdict::Verdict;

/// One control, as `controls.yaml` declares it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Its id, by which it can be proven alone.
    pub id: String,
    /// The integration whose check it proves.
    pub integration: Capability,
    /// What is sabotaged, in a sentence.
    pub title: String,
    /// The name of the sabotage.
    pub sabotage: String,
    /// The scenarios that have to turn red.
    pub red: Vec<Red>,
    /// Scenarios that have to stay green meanwhile: the neighbours that the sabotage must not touch.
    #[serde(default)]
    pub green: Vec<Reference>,
}

/// A scenario by feature file and name; every row of an outline counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The feature file, relative to the folder of features.
    pub feature: String,
    /// The scenario's name.
    pub scenario: String,
}

/// A scenario that has to turn red, where, and why.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Red {
    /// The feature file, relative to the folder of features.
    pub feature: String,
    /// The scenario's name.
    pub scenario: String,
    /// The text of the step that has to fail, keyword included.
    pub step: String,
    /// What its sentence has to match.
    #[serde(with = "pattern")]
    pub reason: Regex,
}

mod pattern {
    use regex::Regex;
    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Regex, D::Error> {
        let text = String::deserialize(deserializer)?;
        Regex::new(&text).map_err(serde::de::Error::custom)
    }
}

/// All controls.
#[derive(Debug, Clone, Default)]
pub struct Controls(Vec<Control>);

impl Controls {
    /// Reads `controls.yaml` below `folder`.
    pub fn read(folder: &Path) -> Result<Self, CatalogueError> {
        let path = folder.join("controls.yaml");
        let text = std::fs::read_to_string(&path)
            .map_err(|source| CatalogueError::Read { path: path.clone(), source })?;
        Self::parse(&text).map_err(|cause| CatalogueError::Settings { path, cause })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let controls: Vec<Control> =
            serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
        let mut ids = BTreeSet::new();
        for control in &controls {
            if !ids.insert(&control.id) {
                return Err(format!("control `{}` is there twice", control.id));
            }
            if control.red.is_empty() {
                return Err(format!(
                    "control `{}` names no scenario that has to turn red",
                    control.id
                ));
            }
        }
        Ok(Self(controls))
    }

    /// Every control, or the one with this id.
    pub fn select(&self, id: Option<&str>) -> Result<Vec<&Control>, String> {
        let chosen: Vec<&Control> =
            self.0.iter().filter(|control| id.is_none_or(|id| control.id == id)).collect();
        let known =
            || self.0.iter().map(|control| control.id.as_str()).collect::<Vec<_>>().join(", ");
        match id {
            Some(id) if chosen.is_empty() => {
                Err(format!("there is no control `{id}`, only {}", known()))
            }
            _ => Ok(chosen),
        }
    }
}

impl Control {
    /// Where its scenarios stand: those that have to turn red and those that have to stay green.
    pub fn scenarios(&self, catalogue: &Catalogue) -> Result<BTreeSet<Address>, String> {
        let red = self.red.iter().map(|red| (&red.feature, &red.scenario));
        let green = self.green.iter().map(|green| (&green.feature, &green.scenario));
        let mut found = BTreeSet::new();
        for (feature, scenario) in red.chain(green) {
            let matching = catalogue
                .entries()
                .iter()
                .filter(|entry| entry.address.path == *feature && entry.name == *scenario);
            let addresses: Vec<Address> = matching.map(|entry| entry.address.clone()).collect();
            if addresses.is_empty() {
                return Err(format!(
                    "control `{}` names the scenario `{scenario}` of {feature}, which does not exist",
                    self.id
                ));
            }
            found.extend(addresses);
        }
        Ok(found)
    }

    /// A sentence for each scenario that did not turn red where and why it had to, or that turned red uncalled.
    #[must_use]
    pub fn complaints(&self, reports: &[ScenarioReport]) -> Vec<String> {
        reports.iter().filter_map(|report| self.complaint(report)).collect()
    }

    fn complaint(&self, report: &ScenarioReport) -> Option<String> {
        let red = self
            .red
            .iter()
            .find(|red| red.feature == report.address.path && red.scenario == report.name);
        let name = format!("`{}`", report.name);
        let Some(red) = red else {
            return (report.verdict != Verdict::Passed).then(|| {
                format!("{name} had to stay green but is {}: {}", report.verdict, reason(report))
            });
        };
        if report.verdict != Verdict::Failed {
            return Some(format!(
                "{name} had to fail but is {}{}",
                report.verdict,
                colon(&reason(report))
            ));
        }
        let step = report
            .steps
            .iter()
            .find(|step| step.outcome == StepOutcome::Failed)
            .map_or("no step", |step| step.text.as_str());
        if step != red.step {
            return Some(format!(
                "{name} had to fail at `{}` but failed at `{step}`: {}",
                red.step,
                reason(report)
            ));
        }
        (!red.reason.is_match(&reason(report))).then(|| {
            format!(
                "{name} had to fail for the reason /{}/ but says: {}",
                red.reason,
                reason(report)
            )
        })
    }
}

fn reason(report: &ScenarioReport) -> String {
    report.reason.clone().unwrap_or_default()
}

fn colon(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(control().complaints(&[red(Verdict::Failed), twin(Verdict::Passed)]), [""; 0]);
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
    fn a_neighbour_that_turns_red_is_a_complaint() {
        assert!(control().complaints(&[twin(Verdict::Failed)])[0].contains("had to stay green"));
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
                let mut entries = catalogue.entries().iter().filter(|entry| {
                    entry.address.path == red.feature && entry.name == red.scenario
                });
                assert!(
                    entries.all(|entry| entry.steps.contains(&red.step)),
                    "control {} names the step `{}`, which its scenario does not have",
                    control.id,
                    red.step
                );
            }
        }
    }
}
