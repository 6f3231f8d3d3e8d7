//! Listens to the runner: prints a line per finished scenario and keeps its report.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use conformance::catalogue::{self, Address, Entry};
use conformance::collected::{Journals, Running, StepEnd};
use conformance::report::model::ScenarioReport;
use conformance::report::terminal::{self, Style};
use conformance::verdict::{Stop, Verdict};
use cucumber::event::{self, Hook, Scenario, Step, StepError};
use cucumber::gherkin::{self, Feature};
use cucumber::{Event, Writer, cli, parser, writer};

use crate::world::World;

/// What has finished so far; stays readable when the run is cut short.
pub(crate) type Finished = Arc<Mutex<Vec<ScenarioReport>>>;

/// The writer that the runner reports to.
pub(crate) struct Collector {
    entries: BTreeMap<Address, Entry>,
    running: BTreeMap<Address, Running>,
    journals: Journals,
    finished: Finished,
    style: Style,
}

impl Collector {
    pub(crate) fn new(
        entries: &[Entry],
        journals: Journals,
        finished: Finished,
        style: Style,
    ) -> Self {
        let entries = entries.iter().map(|entry| (entry.address.clone(), entry.clone())).collect();
        Self { entries, running: BTreeMap::new(), journals, finished, style }
    }

    fn scenario(
        &mut self,
        at: SystemTime,
        feature: &Feature,
        scenario: &gherkin::Scenario,
        event: Scenario<World>,
    ) {
        let address = catalogue::address(feature, scenario);
        let running = self.running.entry(address.clone()).or_insert_with(|| Running::begin(at));
        match event {
            Scenario::Background(step, event) | Scenario::Step(step, event) => {
                step_event(running, at, &step, event);
            }
            Scenario::Hook(_, Hook::Failed(_, cause)) => running.hook_failed(said(&cause)),
            Scenario::Finished => self.finish(at, &address),
            Scenario::Started | Scenario::Hook(..) | Scenario::Log(_) => {}
        }
    }

    fn finish(&mut self, at: SystemTime, address: &Address) {
        if let (Some(running), Some(entry)) =
            (self.running.remove(address), self.entries.get(address))
        {
            let report = running.finish(at, entry, &self.journals);
            print(&report, self.style);
            self.finished.lock().unwrap_or_else(PoisonError::into_inner).push(report);
        }
    }
}

impl Writer<World> for Collector {
    type Cli = cli::Empty;

    async fn handle_event(
        &mut self,
        event: parser::Result<Event<event::Cucumber<World>>>,
        _cli: &cli::Empty,
    ) {
        let Ok(event) = event else { return };
        let at = event.at;
        let event::Cucumber::Feature(feature, event) = event.value else { return };
        match event {
            event::Feature::Scenario(scenario, event)
            | event::Feature::Rule(_, event::Rule::Scenario(scenario, event)) => {
                self.scenario(at, &feature, &scenario, event.event);
            }
            event::Feature::Started | event::Feature::Finished | event::Feature::Rule(..) => {}
        }
    }
}

/// Events of scenarios that run side by side arrive mixed, and the collector wants them so: it keeps them apart by address.
impl writer::Normalized for Collector {}

fn step_event(running: &mut Running, at: SystemTime, step: &gherkin::Step, event: Step<World>) {
    let text = format!("{} {}", step.keyword.trim(), step.value);
    match event {
        Step::Started => running.step_began(at),
        Step::Passed(..) => running.step_ended(at, text, StepEnd::Passed),
        Step::Skipped => running.step_ended(at, text, StepEnd::Undefined),
        Step::Failed(_, _, _, StepError::NotFound) => {
            running.step_ended(at, text, StepEnd::Undefined);
        }
        Step::Failed(_, _, _, StepError::Panic(cause)) => {
            running.step_ended(at, text, StepEnd::Stopped(Stop::read(&said(&cause))));
        }
        Step::Failed(_, _, _, StepError::AmbiguousMatch(error)) => {
            running.step_ended(at, text, StepEnd::Stopped(Stop::error(error)));
        }
    }
}

/// What a panic said; a step that answers with an error panics with its text.
fn said(cause: &event::Info) -> String {
    let text = cause.downcast_ref::<String>().cloned();
    text.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "without a message".to_owned())
}

/// Prints the line of a scenario, and what went wrong. A closed output is no reason to stop.
pub(crate) fn print(report: &ScenarioReport, style: Style) {
    let mut text = format!("{}\n", terminal::line(report, style));
    if report.verdict != Verdict::Passed {
        text.push_str(&terminal::details(report, style));
    }
    write(&text);
}

/// Writes to standard output at once.
pub(crate) fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        tracing::debug!(%error, "standard output is closed");
    }
}

/// Says on standard error why there is no report.
pub(crate) fn complain(stopped: &crate::Stopped) {
    if let Err(error) = writeln!(std::io::stderr(), "error: {:#}", stopped.error) {
        tracing::debug!(%error, "standard error is closed");
    }
}
