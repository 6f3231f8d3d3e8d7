//! What a run is going to do, and the report of what it did.

mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cucumber::gherkin::tagexpr::TagOperation;
use cucumber::tag::Ext as _;

use crate::capability::{Capability, Presence};
use crate::catalogue::gate::{Gate, decide};
use crate::catalogue::{Address, Catalogue, CatalogueError, Entry, Requirements, Skips};
use crate::profile::Profile;
use crate::report::model::{ScenarioReport, StepOutcome, StepReport};
use crate::verdict::Verdict;

pub use report::{Proof, Ran};

/// Why there is nothing to run.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The files beside or among the features are wrong.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The tag expression cannot be read.
    #[error("`{0}` is no tag expression; write for example '@profile.mesh and not @slow'")]
    Expression(String),
    /// The tag expression selects nothing.
    #[error("no scenario has tags that satisfy `{0}`; `conformance list` shows all")]
    NothingSelected(String),
}

/// The scenarios of a run and what they are judged by.
#[derive(Debug, Clone)]
pub struct Plan {
    catalogue: Catalogue,
    requirements: Requirements,
    skips: Skips,
    profile: Profile,
    tags: Option<String>,
    selected: BTreeSet<Address>,
}

/// Which scenarios run, and the reports of those that do not.
#[derive(Debug, Clone)]
pub struct Gated {
    /// Those that run.
    pub open: BTreeSet<Address>,
    /// Those that do not, with their verdict and its reason.
    pub closed: Vec<ScenarioReport>,
}

impl Plan {
    /// Reads the folder of features and selects by tags.
    pub fn read(features: &Path, tags: Option<&str>, profile: &str) -> Result<Self, PlanError> {
        let catalogue = Catalogue::read(features)?;
        let selected = select(&catalogue, tags)?;
        Ok(Self {
            requirements: Requirements::read(features)?,
            skips: Skips::read(features)?,
            profile: Profile::read(features, profile)?,
            tags: tags.map(str::to_owned),
            catalogue,
            selected,
        })
    }

    /// Every scenario there is.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The profile.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The selected scenarios.
    pub fn selected(&self) -> impl Iterator<Item = &Entry> {
        self.catalogue.entries().iter().filter(|entry| self.selected.contains(&entry.address))
    }

    /// Decides what runs on a cluster that can do this.
    #[must_use]
    pub fn gate(&self, capabilities: &BTreeMap<Capability, Presence>) -> Gated {
        let mut gated = Gated { open: BTreeSet::new(), closed: Vec::new() };
        for entry in self.selected() {
            match decide(entry, capabilities, &self.skips, &self.profile) {
                Gate::Open => drop(gated.open.insert(entry.address.clone())),
                Gate::Closed { verdict, reason } => {
                    gated.closed.push(closed(entry, verdict, reason));
                }
            }
        }
        gated
    }

    /// The reports of those that were to run but did not end.
    #[must_use]
    pub fn unfinished(
        &self,
        open: &BTreeSet<Address>,
        finished: &[ScenarioReport],
    ) -> Vec<ScenarioReport> {
        let ended: BTreeSet<&Address> = finished.iter().map(|report| &report.address).collect();
        let missing = self
            .selected()
            .filter(|entry| open.contains(&entry.address) && !ended.contains(&entry.address));
        missing
            .map(|entry| {
                closed(entry, Verdict::Skipped, "the run ended before this scenario did".to_owned())
            })
            .collect()
    }
}

fn select(catalogue: &Catalogue, tags: Option<&str>) -> Result<BTreeSet<Address>, PlanError> {
    let expression = tags
        .map(|text| {
            text.parse::<TagOperation>().map_err(|_error| PlanError::Expression(text.to_owned()))
        })
        .transpose()?;
    let wanted = |entry: &&Entry| {
        expression.as_ref().is_none_or(|expression| expression.eval(&entry.tags.all))
    };
    let selected: BTreeSet<Address> =
        catalogue.entries().iter().filter(wanted).map(|entry| entry.address.clone()).collect();
    match tags {
        Some(tags) if selected.is_empty() => Err(PlanError::NothingSelected(tags.to_owned())),
        _ => Ok(selected),
    }
}

/// The report of a scenario that did not run.
fn closed(entry: &Entry, verdict: Verdict, reason: String) -> ScenarioReport {
    let step = |text: &String| StepReport {
        text: text.clone(),
        outcome: StepOutcome::NotReached,
        reason: None,
        took_ms: 0,
        evidence: Vec::new(),
    };
    ScenarioReport {
        steps: entry.steps.iter().map(step).collect(),
        reason: Some(reason),
        ..blank(entry, verdict)
    }
}

/// A scenario's report before anything is known but its place and its verdict.
#[must_use]
pub fn blank(entry: &Entry, verdict: Verdict) -> ScenarioReport {
    ScenarioReport {
        address: entry.address.clone(),
        feature: entry.feature.clone(),
        name: entry.name.clone(),
        verdict,
        reason: None,
        level: entry.tags.level,
        requirements: entry.tags.requirements.iter().cloned().collect(),
        tags: entry.tags.all.iter().cloned().collect(),
        started: None,
        took_ms: 0,
        ids: BTreeMap::new(),
        steps: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
