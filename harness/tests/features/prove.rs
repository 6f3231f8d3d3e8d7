//! Proves the negative controls: green, sabotaged, exactly the declared scenarios red for the declared reason, healed, green again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use conformance::catalogue::Address;
use conformance::control::Control;
use conformance::fault::{self, Sabotage};
use conformance::report::model::{ControlReport, PhaseReport, ScenarioReport};
use conformance::report::terminal::Style;
use conformance::suite::Suite;
use conformance::verdict::Verdict;

use crate::collector;
use crate::execute::Executor;

/// What proving needs: how to run scenarios, which of them can run here, on what, and which sabotages there are.
pub(crate) struct Prover {
    executor: Executor,
    suite: Arc<Suite>,
    sabotages: BTreeMap<&'static str, Arc<dyn Sabotage>>,
    open: BTreeSet<Address>,
    /// What each scenario said when nothing was sabotaged, last.
    last: BTreeMap<Address, ScenarioReport>,
    /// The control whose sabotage could not be taken back: after it nothing can be judged.
    stuck: Option<String>,
}

/// The phases of one control so far.
struct Phases {
    done: Vec<PhaseReport>,
    began: Instant,
}

impl Phases {
    fn begin() -> Self {
        Self { done: Vec::new(), began: Instant::now() }
    }

    /// Keeps how a phase went; answers whether it held.
    fn note(&mut self, name: &str, seen: Result<String, String>) -> bool {
        let (held, seen) = match seen {
            Ok(seen) => (true, seen),
            Err(seen) => (false, seen),
        };
        let mark = if held { "holds" } else { "does not hold" };
        collector::write(&format!(
            "{}\n",
            Style::detect().faint(&format!("-- {name} {mark}: {seen}"))
        ));
        let took_ms = millis(self.began) - self.done.iter().map(|phase| phase.took_ms).sum::<u64>();
        self.done.push(PhaseReport { name: name.to_owned(), held, seen, took_ms });
        held
    }
}

impl Prover {
    pub(crate) fn new(executor: Executor, suite: Arc<Suite>, open: BTreeSet<Address>) -> Self {
        let sabotages =
            fault::all().into_iter().map(|sabotage| (sabotage.name(), sabotage)).collect();
        Self { executor, suite, sabotages, open, last: BTreeMap::new(), stuck: None }
    }

    /// Runs, once for all controls, every scenario that one of them looks at: what it begins from has to be green.
    pub(crate) async fn baseline(&mut self, controls: &[&Control]) {
        let watched = controls.iter().filter_map(|control| self.watched(control).ok()).flatten();
        let watched: BTreeSet<Address> = watched.collect();
        collector::write(&format!("baseline: {} scenarios\n", watched.len()));
        self.run(&watched).await;
    }

    /// What the scenarios said last, when nothing was sabotaged.
    pub(crate) fn into_scenarios(self) -> Vec<ScenarioReport> {
        self.last.into_values().collect()
    }

    /// Proves one control, after the baseline.
    pub(crate) async fn prove(&mut self, control: &Control) -> ControlReport {
        collector::write(&format!("\n{}: {}\n", control.id, control.title));
        let mut phases = Phases::begin();
        let mut sabotaged = Vec::new();
        let proven = self.phases(control, &mut phases, &mut sabotaged).await;
        ControlReport {
            id: control.id.clone(),
            integration: control.integration,
            title: control.title.clone(),
            proven,
            took_ms: millis(phases.began),
            phases: phases.done,
            sabotaged: sabotaged.into_iter().map(without_evidence_of_green).collect(),
        }
    }

    /// False as soon as a phase did not hold. Once armed, it is disarmed whatever comes.
    async fn phases(
        &mut self,
        control: &Control,
        phases: &mut Phases,
        sabotaged: &mut Vec<ScenarioReport>,
    ) -> bool {
        let (sabotage, watched) = match self.begin(control) {
            Ok(ready) => ready,
            Err(cause) => return phases.note("baseline", Err(cause)),
        };
        if !phases.note("baseline", all_green(watched.iter().map(|it| self.last.get(it)))) {
            return false;
        }
        let armed = match fault::arm(&self.suite, sabotage.as_ref()).await {
            Ok((armed, proof)) => {
                phases.note("arm", Ok(proof));
                armed
            }
            Err(error) => return phases.note("arm", Err(format!("{error:#}"))),
        };
        *sabotaged = self.executor.reports(&watched).await;
        let red = phases.note("red", control.judge(sabotaged));
        let healed = fault::disarm(&self.suite, sabotage.as_ref(), armed).await;
        if !phases.note("disarm", healed.map_err(|error| format!("{error:#}"))) {
            self.stuck = Some(control.id.clone());
            return false;
        }
        let again = self.again(control, sabotaged);
        let reports = self.run(&again).await;
        phases.note("green again", all_green(reports.iter().map(Some))) && red
    }

    /// What the control sabotages and what it looks at, if it can be judged at all.
    fn begin(&self, control: &Control) -> Result<(Arc<dyn Sabotage>, BTreeSet<Address>), String> {
        if let Some(stuck) = &self.stuck {
            return Err(format!("not judged: the sabotage of {stuck} could not be taken back"));
        }
        let sabotage = self.sabotages.get(control.sabotage.as_str());
        let sabotage =
            sabotage.ok_or_else(|| format!("there is no sabotage {}", control.sabotage))?;
        Ok((Arc::clone(sabotage), self.watched(control)?))
    }

    fn watched(&self, control: &Control) -> Result<BTreeSet<Address>, String> {
        control.watched(&self.executor.catalogue, &self.open)
    }

    /// What has to be seen green again: the control's own scenarios, and whatever else turned red.
    fn again(&self, control: &Control, sabotaged: &[ScenarioReport]) -> BTreeSet<Address> {
        let mut again = control.scenarios(&self.executor.catalogue).unwrap_or_default();
        let red = sabotaged.iter().filter(|report| report.verdict != Verdict::Passed);
        again.extend(red.map(|report| report.address.clone()));
        again
    }

    /// Runs scenarios while nothing is sabotaged, and remembers what they said.
    async fn run(&mut self, wanted: &BTreeSet<Address>) -> Vec<ScenarioReport> {
        let reports = self.executor.reports(wanted).await;
        self.last.extend(reports.iter().map(|report| (report.address.clone(), report.clone())));
        reports
    }
}

/// Every scenario of the suite runs under every sabotage: what stayed green needs no proof of it in the report.
fn without_evidence_of_green(mut report: ScenarioReport) -> ScenarioReport {
    if report.verdict == Verdict::Passed {
        report.steps.iter_mut().for_each(|step| step.evidence.clear());
    }
    report
}

/// A scenario that did not run is not green, and none at all is nothing.
fn all_green<'a>(
    reports: impl Iterator<Item = Option<&'a ScenarioReport>>,
) -> Result<String, String> {
    let (mut green, mut complaints) = (0, Vec::new());
    for report in reports {
        match report {
            Some(report) if report.verdict == Verdict::Passed => green += 1,
            Some(report) => complaints.push(format!(
                "`{}` is {}: {}",
                report.name,
                report.verdict,
                report.reason.as_deref().unwrap_or_default()
            )),
            None => complaints.push("a scenario did not run".to_owned()),
        }
    }
    if green == 0 && complaints.is_empty() {
        complaints.push("no scenario ran".to_owned());
    }
    if complaints.is_empty() { Ok(format!("{green} passed")) } else { Err(complaints.join("; ")) }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
