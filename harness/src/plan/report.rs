//! The report of what a run did.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::Plan;
use crate::capability::{Capability, Presence};
use crate::catalogue::{Address, Level};
use crate::report::model::{
    CapabilityRow, ClusterFacts, ControlReport, Declared, Mode, Report, SCHEMA, ScenarioReport,
    Selection, matrix, not_shown, nothing_but_controls,
};
use crate::run_id::RunId;
use crate::suite::Suite;
use crate::verdict::{Conclusion, Ending, Facts, Judged, conclude};

/// What a run leaves behind for its report.
#[derive(Debug)]
pub struct Ran {
    /// When it began.
    pub started: DateTime<Utc>,
    /// How it ended.
    pub ending: Ending,
    /// Its scenarios, in any order.
    pub scenarios: Vec<ScenarioReport>,
    /// Its negative controls, if it was a run of those.
    pub proof: Option<Proof>,
}

/// What a run of negative controls leaves behind beside its scenarios.
#[derive(Debug)]
pub struct Proof {
    /// The controls.
    pub controls: Vec<ControlReport>,
    /// How many more there are that were not asked for.
    pub left_out: usize,
}

type Capabilities = BTreeMap<Capability, Presence>;

impl Plan {
    /// What is not shown before anything ran: the first line of the output.
    #[must_use]
    pub fn not_shown(&self, closed: &[ScenarioReport], capabilities: &Capabilities) -> String {
        not_shown(closed, &self.rows(capabilities), &self.selection())
    }

    /// The report.
    #[must_use]
    pub fn report(&self, suite: &Suite, ran: Ran) -> Report {
        let cluster = ClusterFacts {
            context: suite.cluster().context().to_owned(),
            version: suite.cluster().version().to_owned(),
        };
        self.report_on(suite.run().clone(), cluster, suite.capabilities(), ran)
    }

    pub(super) fn report_on(
        &self,
        run: RunId,
        cluster: ClusterFacts,
        can: &Capabilities,
        mut ran: Ran,
    ) -> Report {
        self.sort(&mut ran.scenarios);
        let selection = match ran.proof {
            None => self.selection(),
            Some(_) => self.needed(&ran.scenarios),
        };
        let capabilities = self.rows(can);
        let conclusion = self.conclude(can, &ran, &selection);
        let (mode, controls, not_shown) = match ran.proof {
            None => (Mode::Run, Vec::new(), not_shown(&ran.scenarios, &capabilities, &selection)),
            Some(Proof { controls, .. }) => {
                let not_shown = nothing_but_controls(&controls, &selection);
                (Mode::Prove, controls, not_shown)
            }
        };
        let took = (Utc::now() - ran.started).num_milliseconds();
        Report {
            schema: SCHEMA.to_owned(),
            mode,
            run,
            started: ran.started,
            took_ms: u64::try_from(took).unwrap_or_default(),
            cluster,
            profile: self.profile.name().to_owned(),
            result: conclusion.result,
            exit_code: conclusion.exit,
            ending: ran.ending,
            reasons: conclusion.reasons,
            not_shown,
            requirements: matrix(&self.requirements.0, &ran.scenarios),
            selection,
            capabilities,
            scenarios: ran.scenarios,
            controls,
        }
    }

    /// Into the order of the feature files.
    fn sort(&self, scenarios: &mut [ScenarioReport]) {
        let places = self.catalogue.entries().iter().enumerate();
        let order: BTreeMap<&Address, usize> =
            places.map(|(index, entry)| (&entry.address, index)).collect();
        scenarios.sort_by_key(|scenario| order.get(&scenario.address).copied());
    }

    /// A run of controls is judged by its controls: the scenarios that it did not need are no gap in it.
    fn conclude(&self, can: &Capabilities, ran: &Ran, selection: &Selection) -> Conclusion {
        let judged: Vec<Judged> =
            ran.scenarios.iter().map(|scenario| self.judged(scenario, can)).collect();
        let (core_left_out, controls_unproven, controls_left_out) = match &ran.proof {
            None => (selection.core_left_out, 0, 0),
            Some(proof) => {
                let unproven = proof.controls.iter().filter(|control| !control.proven).count();
                (0, unproven, proof.left_out)
            }
        };
        conclude(&Facts {
            scenarios: &judged,
            breaches: &self.profile.breaches(can),
            core_left_out,
            ending: ran.ending,
            controls_unproven,
            controls_left_out,
        })
    }

    pub(super) fn selection(&self) -> Selection {
        self.selection_of(&self.selected)
    }

    /// A run of controls asks for no more scenarios than it needs: those that ran.
    fn needed(&self, ran: &[ScenarioReport]) -> Selection {
        self.selection_of(&ran.iter().map(|scenario| scenario.address.clone()).collect())
    }

    fn selection_of(&self, addresses: &BTreeSet<Address>) -> Selection {
        let left_out =
            self.catalogue.entries().iter().filter(|entry| !addresses.contains(&entry.address));
        Selection {
            tags: self.tags.clone(),
            known: self.catalogue.entries().len(),
            selected: addresses.len(),
            core_left_out: left_out.filter(|entry| entry.tags.level == Level::Core).count(),
        }
    }

    fn rows(&self, can: &Capabilities) -> Vec<CapabilityRow> {
        let declared =
            |name: Capability| match (self.profile.requires(name), self.profile.lacks(name)) {
                (true, _) => Declared::Required,
                (false, Some(_)) => Declared::Lacking,
                (false, None) => Declared::Open,
            };
        let row = |(name, presence): (&Capability, &Presence)| CapabilityRow {
            name: *name,
            what: name.what().to_owned(),
            presence: presence.clone(),
            declared: declared(*name),
        };
        can.iter().map(row).collect()
    }

    pub(super) fn judged(&self, scenario: &ScenarioReport, can: &Capabilities) -> Judged {
        let entry = self.catalogue.entries().iter().find(|entry| entry.address == scenario.address);
        let missing = |needed: &&Capability| !can.get(needed).is_some_and(Presence::is_present);
        let declared_absent = entry.is_some_and(|entry| {
            let mut lacking = entry.tags.requires.iter().filter(missing);
            lacking.all(|needed| self.profile.lacks(*needed).is_some())
        });
        Judged { verdict: scenario.verdict, level: scenario.level, declared_absent }
    }
}
