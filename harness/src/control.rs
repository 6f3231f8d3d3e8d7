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
    /// Scenarios that have to run and stay green meanwhile, also `@serial` ones: the nearest neighbours of those that turn red. Every other
    /// scenario that can run beside them has to stay green too.
    #[serde(default)]
    pub green: Vec<Reference>,
    /// Scenarios that the sabotage may turn red, though it is not they that it is to be seen by.
    #[serde(default)]
    pub may: Vec<May>,
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

/// A scenario that may turn red, and why.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct May {
    /// The feature file, relative to the folder of features.
    pub feature: String,
    /// The scenario's name.
    pub scenario: String,
    /// How the sabotage reaches it.
    pub why: String,
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

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
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
    /// Where the scenarios stand that have to turn red or to stay green.
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

    /// Those, and every one of `open` that runs beside others: all that is looked at while the sabotage is in force.
    pub fn watched(
        &self,
        catalogue: &Catalogue,
        open: &BTreeSet<Address>,
    ) -> Result<BTreeSet<Address>, String> {
        let mut watched = self.scenarios(catalogue)?;
        if let Some(closed) = watched.iter().find(|address| !open.contains(address)) {
            return Err(format!("not judged: the scenario at {closed} cannot run on this cluster"));
        }
        let beside = catalogue.entries().iter().filter(|entry| !entry.tags.is_serial());
        watched.extend(beside.map(|entry| &entry.address).filter(|it| open.contains(it)).cloned());
        Ok(watched)
    }

    /// Judges what was seen while the sabotage was in force: what turned red as it had to or may, or every complaint.
    pub fn judge(&self, reports: &[ScenarioReport]) -> Result<String, String> {
        let complaints = self.complaints(reports);
        if !complaints.is_empty() {
            return Err(complaints.join("; "));
        }
        let green = reports.iter().filter(|report| report.verdict == Verdict::Passed).count();
        let turned = reports.iter().filter(|report| report.verdict != Verdict::Passed);
        let mut said: Vec<String> = turned
            .map(|report| match self.may(report) {
                Some(may) => format!("`{}` turned red, as it may: {}", report.name, may.why),
                None => format!("`{}`: {}", report.name, reason(report)),
            })
            .collect();
        said.push(format!("{green} others stayed green"));
        Ok(said.join("; "))
    }

    /// A sentence for each scenario that did not turn red where and why it had to, or that turned red uncalled.
    fn complaints(&self, reports: &[ScenarioReport]) -> Vec<String> {
        let ran = |red: &Red| reports.iter().any(|report| red.is(report));
        let missing = self.red.iter().filter(|red| !ran(red));
        let missing = missing.map(|red| format!("`{}` had to fail but did not run", red.scenario));
        missing.chain(reports.iter().filter_map(|report| self.complaint(report))).collect()
    }

    fn complaint(&self, report: &ScenarioReport) -> Option<String> {
        match self.red.iter().find(|red| red.is(report)) {
            Some(red) => red.complaint(report),
            None if report.verdict == Verdict::Passed || self.may(report).is_some() => None,
            None => Some(format!(
                "`{}` had to stay green but is {}{}",
                report.name,
                report.verdict,
                colon(&reason(report))
            )),
        }
    }

    fn may(&self, report: &ScenarioReport) -> Option<&May> {
        self.may
            .iter()
            .find(|may| may.feature == report.address.path && may.scenario == report.name)
    }
}

impl Red {
    fn is(&self, report: &ScenarioReport) -> bool {
        self.feature == report.address.path && self.scenario == report.name
    }

    fn complaint(&self, report: &ScenarioReport) -> Option<String> {
        let name = format!("`{}`", report.name);
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
        if step != self.step {
            return Some(format!(
                "{name} had to fail at `{}` but failed at `{step}`: {}",
                self.step,
                reason(report)
            ));
        }
        (!self.reason.is_match(&reason(report))).then(|| {
            format!(
                "{name} had to fail for the reason /{}/ but says: {}",
                self.reason,
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
mod tests;
