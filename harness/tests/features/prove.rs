//! Proves the negative controls: green, sabotaged, red for the declared reason, healed, green again.

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

/// What proving needs: how to run scenarios, on what, and which sabotages there are.
pub(crate) struct Prover {
    executor: Executor,
    suite: Arc<Suite>,
    sabotages: BTreeMap<&'static str, Arc<dyn Sabotage>>,
}

/// What the scenarios of a control said: while it was sabotaged, and last.
#[derive(Default)]
struct Seen {
    sabotaged: Vec<ScenarioReport>,
    last: Vec<ScenarioReport>,
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
    pub(crate) fn new(executor: Executor, suite: Arc<Suite>) -> Self {
        let sabotages =
            fault::all().into_iter().map(|sabotage| (sabotage.name(), sabotage)).collect();
        Self { executor, suite, sabotages }
    }

    /// Proves one control. Every scenario of it has to be among those that can run here.
    pub(crate) async fn prove(
        &self,
        control: &Control,
        open: &BTreeSet<Address>,
    ) -> (ControlReport, Vec<ScenarioReport>) {
        collector::write(&format!("\n{}: {}\n", control.id, control.title));
        let mut phases = Phases::begin();
        let mut seen = Seen::default();
        let proven = self.phases(control, open, &mut phases, &mut seen).await;
        let took_ms = millis(phases.began);
        let (id, title) = (control.id.clone(), control.title.clone());
        let report = ControlReport {
            id,
            integration: control.integration,
            title,
            proven,
            phases: phases.done,
            sabotaged: seen.sabotaged,
            took_ms,
        };
        (report, seen.last)
    }

    /// False as soon as a phase did not hold. Once armed, it is disarmed whatever comes.
    async fn phases(
        &self,
        control: &Control,
        open: &BTreeSet<Address>,
        phases: &mut Phases,
        seen: &mut Seen,
    ) -> bool {
        let (Some(sabotage), Ok(wanted)) = (
            self.sabotages.get(control.sabotage.as_str()),
            control.scenarios(&self.executor.catalogue),
        ) else {
            return phases.note(
                "baseline",
                Err(format!(
                    "the control names an unknown sabotage or scenario: {}",
                    control.sabotage
                )),
            );
        };
        if let Some(closed) = wanted.iter().find(|address| !open.contains(address)) {
            return phases.note(
                "baseline",
                Err(format!("not judged: the scenario at {closed} cannot run on this cluster")),
            );
        }
        seen.last = self.executor.reports(&wanted).await;
        if !phases.note("baseline", all_green(&seen.last)) {
            return false;
        }
        let armed = match fault::arm(&self.suite, sabotage.as_ref()).await {
            Ok((armed, proof)) => {
                phases.note("arm", Ok(proof));
                armed
            }
            Err(error) => return phases.note("arm", Err(format!("{error:#}"))),
        };
        seen.sabotaged = self.executor.reports(&wanted).await;
        let red = phases.note("red", as_declared(control, &seen.sabotaged));
        let healed = fault::disarm(&self.suite, sabotage.as_ref(), armed).await;
        if !phases.note("disarm", healed.map_err(|error| format!("{error:#}"))) {
            return false;
        }
        seen.last = self.executor.reports(&wanted).await;
        phases.note("green again", all_green(&seen.last)) && red
    }
}

fn all_green(reports: &[ScenarioReport]) -> Result<String, String> {
    let red = |report: &&ScenarioReport| report.verdict != Verdict::Passed;
    let complaints: Vec<String> = reports
        .iter()
        .filter(red)
        .map(|report| {
            format!(
                "`{}` is {}: {}",
                report.name,
                report.verdict,
                report.reason.as_deref().unwrap_or_default()
            )
        })
        .collect();
    if reports.is_empty() {
        return Err("no scenario ran".to_owned());
    }
    if complaints.is_empty() {
        Ok(format!("{} of {} passed", reports.len(), reports.len()))
    } else {
        Err(complaints.join("; "))
    }
}

fn as_declared(control: &Control, reports: &[ScenarioReport]) -> Result<String, String> {
    let complaints = control.complaints(reports);
    if !complaints.is_empty() || reports.is_empty() {
        return Err(if reports.is_empty() {
            "no scenario ran".to_owned()
        } else {
            complaints.join("; ")
        });
    }
    let said: Vec<String> = reports
        .iter()
        .filter_map(|report| Some(format!("`{}`: {}", report.name, report.reason.as_ref()?)))
        .collect();
    Ok(said.join("; "))
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
