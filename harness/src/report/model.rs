//! What a report holds. The JSON form is versioned: [`SCHEMA`] changes with any change that is not an addition.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::capability::{Capability, Presence};
use crate::catalogue::{Address, Level, Requirement};
use crate::evidence::Evidence;
use crate::run_id::RunId;
use crate::verdict::{Ending, Exit, RunResult, Verdict};

/// The name and version of the JSON form.
pub const SCHEMA: &str = "ecotrack.dev/conformance-report/v1";

/// A run, from what was asked for to what was concluded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// What kind of run it was; a report from before there was this field is one of scenarios.
    #[serde(default)]
    pub mode: Mode,
    /// The run's name.
    pub run: RunId,
    /// When it began.
    pub started: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// The cluster.
    pub cluster: ClusterFacts,
    /// The profile it was judged by.
    pub profile: String,
    /// Which scenarios were asked for.
    pub selection: Selection,
    /// The result.
    pub result: RunResult,
    /// The exit code of the class of that result.
    pub exit_code: Exit,
    /// How the run ended.
    pub ending: Ending,
    /// Why the result is not `success`.
    pub reasons: Vec<String>,
    /// What was not shown: one sentence, the first line of every form of the report. Empty when everything was.
    pub not_shown: String,
    /// What the cluster can do.
    pub capabilities: Vec<CapabilityRow>,
    /// The requirements and what the scenarios say of them.
    pub requirements: Vec<RequirementRow>,
    /// The scenarios, in file order.
    pub scenarios: Vec<ScenarioReport>,
    /// The negative controls, when the run was one of `prove`.
    #[serde(default)]
    pub controls: Vec<ControlReport>,
}

/// What kind of run it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The scenarios, to show what the platform does.
    #[default]
    Run,
    /// The negative controls, to show that the scenarios can see what it does not do. It says nothing of conformance.
    Prove,
}

impl Mode {
    /// The folder beside the runs' own that holds the latest report of this kind.
    #[must_use]
    pub fn latest(self) -> &'static str {
        match self {
            Self::Run => "latest",
            Self::Prove => "latest-prove",
        }
    }
}

/// The cluster in front of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterFacts {
    /// The kubeconfig context.
    pub context: String,
    /// The version of Kubernetes.
    pub version: String,
}

/// Which scenarios were asked for; in a run of `prove` those that it needed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The tag expression, if there was one.
    pub tags: Option<String>,
    /// Scenarios that exist.
    pub known: usize,
    /// Scenarios that were asked for.
    pub selected: usize,
    /// Core scenarios that were not.
    pub core_left_out: usize,
}

/// What the profile says of a capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Declared {
    /// It has to be there.
    Required,
    /// It is known not to be there.
    Lacking,
    /// Nothing.
    Open,
}

/// One capability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityRow {
    /// Which.
    pub name: Capability,
    /// What it is.
    pub what: String,
    /// Whether it is there, and the proof.
    #[serde(flatten)]
    pub presence: Presence,
    /// What the profile says.
    pub declared: Declared,
}

/// What the scenarios say of a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementRow {
    /// Its id.
    pub id: String,
    /// What it demands.
    pub title: String,
    /// How much it matters.
    pub level: Level,
    /// Where to look when it fails.
    pub remediation: String,
    /// The worst verdict of its scenarios; none when no scenario of this run shows it.
    pub verdict: Option<Verdict>,
    /// Where its scenarios stand.
    pub scenarios: Vec<Address>,
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioReport {
    /// Where it stands.
    pub address: Address,
    /// The feature's name.
    pub feature: String,
    /// Its own name.
    pub name: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why, for anything but `passed`.
    pub reason: Option<String>,
    /// How much it matters.
    pub level: Level,
    /// The requirements it shows.
    pub requirements: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// When it began; none when it did not run.
    pub started: Option<DateTime<Utc>>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Its own ids: name, correlation id, trace id.
    pub ids: BTreeMap<String, String>,
    /// Its steps.
    pub steps: Vec<StepReport>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// It held.
    Passed,
    /// It ended the scenario.
    Failed,
    /// There is no code for it, which fails the run.
    Undefined,
    /// The scenario ended before it.
    NotReached,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Keyword and sentence.
    pub text: String,
    /// How it ended.
    pub outcome: StepOutcome,
    /// Why, when it failed.
    pub reason: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What was asked and answered.
    pub evidence: Vec<Evidence>,
}

/// One negative control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlReport {
    /// Its id in `controls.yaml`.
    pub id: String,
    /// The integration whose check it proves.
    pub integration: Capability,
    /// What was sabotaged, in a sentence.
    pub title: String,
    /// Whether it showed what it had to.
    pub proven: bool,
    /// What happened, phase by phase.
    pub phases: Vec<PhaseReport>,
    /// Every scenario that ran while the sabotage was in force, those that did not pass with their evidence.
    pub sabotaged: Vec<ScenarioReport>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// One phase of a control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseReport {
    /// `baseline`, `arm`, `red`, `disarm`, `green again`.
    pub name: String,
    /// Whether it went as it should.
    pub held: bool,
    /// What was seen.
    pub seen: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

impl Report {
    /// How many scenarios have this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.scenarios.iter().filter(|scenario| scenario.verdict == verdict).count()
    }

    /// Passed, failed (with errors and inconclusive ones), skipped (with all that has a reason not to run).
    #[must_use]
    pub fn totals(&self) -> (usize, usize, usize) {
        let sum = |verdicts: &[Verdict]| verdicts.iter().map(|verdict| self.count(*verdict)).sum();
        let failed = sum(&[Verdict::Failed, Verdict::Error, Verdict::Inconclusive]);
        (
            self.count(Verdict::Passed),
            failed,
            sum(&[Verdict::NotSupported, Verdict::NotApplicable, Verdict::Skipped]),
        )
    }
}

/// The requirement matrix: each requirement with the worst verdict of its scenarios.
#[must_use]
pub fn matrix(requirements: &[Requirement], scenarios: &[ScenarioReport]) -> Vec<RequirementRow> {
    let row = |requirement: &Requirement| {
        let showing: Vec<&ScenarioReport> = scenarios
            .iter()
            .filter(|scenario| scenario.requirements.contains(&requirement.id))
            .collect();
        RequirementRow {
            id: requirement.id.clone(),
            title: requirement.title.clone(),
            level: requirement.level,
            remediation: requirement.remediation.clone(),
            verdict: showing
                .iter()
                .map(|scenario| scenario.verdict)
                .max_by_key(|verdict| gravity(*verdict)),
            scenarios: showing.iter().map(|scenario| scenario.address.clone()).collect(),
        }
    };
    requirements.iter().map(row).collect()
}

/// How bad a verdict is for the requirement that the scenario shows.
fn gravity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::NotApplicable => 0,
        Verdict::Passed => 1,
        Verdict::NotSupported => 2,
        Verdict::Skipped => 3,
        Verdict::Inconclusive => 4,
        Verdict::Error => 5,
        Verdict::Failed => 6,
    }
}

/// One sentence that names what was not shown; empty when everything was.
#[must_use]
pub fn not_shown(
    scenarios: &[ScenarioReport],
    capabilities: &[CapabilityRow],
    selection: &Selection,
) -> String {
    let mut gaps = Vec::new();
    let lacking: Vec<&str> = capabilities
        .iter()
        .filter(|row| row.declared == Declared::Lacking && !row.presence.is_present())
        .map(|row| row.name.name())
        .collect();
    if !lacking.is_empty() {
        gaps.push(format!("{} (absent by declaration)", lacking.join(", ")));
    }
    for (verdict, what) in [
        (Verdict::NotSupported, "not supported here"),
        (Verdict::Skipped, "skipped"),
        (Verdict::Inconclusive, "inconclusive"),
        (Verdict::NotApplicable, "not applicable"),
    ] {
        let count = scenarios.iter().filter(|scenario| scenario.verdict == verdict).count();
        if count > 0 {
            gaps.push(format!("{count} scenario{} {what}", if count == 1 { "" } else { "s" }));
        }
    }
    let left_out = selection.known - selection.selected.min(selection.known);
    if left_out > 0 {
        gaps.push(format!(
            "{left_out} scenario{} not selected",
            if left_out == 1 { "" } else { "s" }
        ));
    }
    if gaps.is_empty() { String::new() } else { format!("Not shown: {}.", gaps.join("; ")) }
}

/// The same sentence for a run of `prove`, which shows nothing of conformance.
#[must_use]
pub fn nothing_but_controls(controls: &[ControlReport], selection: &Selection) -> String {
    let proven = controls.iter().filter(|control| control.proven).count();
    format!(
        "Not shown: conformance; {proven} of {} negative controls proven with {} of {} scenarios.",
        controls.len(),
        selection.selected,
        selection.known
    )
}

#[cfg(test)]
pub(crate) mod sample;

#[cfg(test)]
mod tests;
