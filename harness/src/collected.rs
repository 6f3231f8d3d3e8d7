//! Gathers what the Gherkin runner reports into scenario reports, attributing evidence to steps by time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use crate::catalogue::{Address, Entry};
use crate::evidence::{Evidence, Journal};
use crate::plan::blank;
use crate::report::model::{ScenarioReport, StepOutcome, StepReport};
use crate::scenario::Identity;
use crate::verdict::{Stop, Verdict};

/// The journals of the scenarios that have begun. Cheap to clone; all clones share them.
#[derive(Debug, Clone, Default)]
pub struct Journals(Arc<Mutex<BTreeMap<Address, (Identity, Journal)>>>);

impl Journals {
    /// Makes a scenario's ids and journal known; called before its first step.
    pub fn open(&self, address: Address, identity: Identity, journal: Journal) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(address, (identity, journal));
    }

    fn find(&self, address: &Address) -> Option<(Identity, Journal)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(address).cloned()
    }
}

/// How a step came to its end.
#[derive(Debug)]
pub enum StepEnd {
    /// It held.
    Passed,
    /// It ended the scenario.
    Stopped(Stop),
    /// There is no code for it.
    Undefined,
}

#[derive(Debug)]
struct Ended {
    text: String,
    from: SystemTime,
    to: SystemTime,
    end: StepEnd,
}

/// A scenario between its first and its last event.
#[derive(Debug)]
pub struct Running {
    began: SystemTime,
    current: SystemTime,
    steps: Vec<Ended>,
    hook_failure: Option<String>,
}

impl Running {
    /// A scenario that began now.
    #[must_use]
    pub fn begin(at: SystemTime) -> Self {
        Self { began: at, current: at, steps: Vec::new(), hook_failure: None }
    }

    /// A step began.
    pub fn step_began(&mut self, at: SystemTime) {
        self.current = at;
    }

    /// The step that began last has ended.
    pub fn step_ended(&mut self, at: SystemTime, text: String, end: StepEnd) {
        self.steps.push(Ended { text, from: self.current, to: at, end });
    }

    /// What surrounds the steps failed: an error of the harness.
    pub fn hook_failed(&mut self, cause: String) {
        self.hook_failure = Some(cause);
    }

    /// The report of the scenario, with its evidence.
    #[must_use]
    pub fn finish(self, at: SystemTime, entry: &Entry, journals: &Journals) -> ScenarioReport {
        let (verdict, reason) = self.verdict();
        let opened = journals.find(&entry.address);
        let clean = |reason: String| match &opened {
            Some((_, journal)) => journal.redactor().redact(&reason),
            None => reason,
        };
        let mut report = ScenarioReport {
            reason: reason.map(clean),
            started: Some(self.began.into()),
            took_ms: millis(self.began, at),
            ..blank(entry, verdict)
        };
        let mut steps: Vec<Timed> = self.steps.into_iter().map(Ended::report).collect();
        for timed in &mut steps {
            timed.step.reason = timed.step.reason.take().map(clean);
        }
        if let Some((identity, journal)) = &opened {
            report.ids = ids(identity);
            attribute(&mut steps, journal.entries());
        }
        let reached = steps.len();
        report.steps = steps.into_iter().map(|timed| timed.step).collect();
        report.steps.extend(entry.steps.iter().skip(reached).map(|text| not_reached(text)));
        report
    }

    fn verdict(&self) -> (Verdict, Option<String>) {
        if let Some(cause) = &self.hook_failure {
            return (Verdict::Error, Some(cause.clone()));
        }
        let stopped = self.steps.iter().find_map(|step| match &step.end {
            StepEnd::Passed => None,
            StepEnd::Stopped(stop) => Some((stop.verdict(), Some(stop.sentence().to_owned()))),
            StepEnd::Undefined => {
                Some((Verdict::Error, Some(format!("no code matches the step `{}`", step.text))))
            }
        });
        match stopped {
            Some(stopped) => stopped,
            None if self.steps.is_empty() => {
                (Verdict::Error, Some("the scenario has no step, so it shows nothing".to_owned()))
            }
            None => (Verdict::Passed, None),
        }
    }
}

/// A step's report and when it began.
struct Timed {
    began: DateTime<Utc>,
    step: StepReport,
}

impl Ended {
    fn report(self) -> Timed {
        let (outcome, reason) = match self.end {
            StepEnd::Passed => (StepOutcome::Passed, None),
            StepEnd::Stopped(stop) => (StepOutcome::Failed, Some(stop.sentence().to_owned())),
            StepEnd::Undefined => (StepOutcome::Undefined, None),
        };
        let step = StepReport {
            text: self.text,
            outcome,
            reason,
            took_ms: millis(self.from, self.to),
            evidence: Vec::new(),
        };
        Timed { began: self.from.into(), step }
    }
}

/// Evidence belongs to the last step that had begun when its question was asked.
fn attribute(steps: &mut [Timed], evidence: Vec<Evidence>) {
    for item in evidence {
        let index = steps.iter().rposition(|step| step.began <= item.at).unwrap_or(0);
        if let Some(step) = steps.get_mut(index) {
            step.step.evidence.push(item);
        }
    }
}

fn not_reached(text: &str) -> StepReport {
    StepReport {
        text: text.to_owned(),
        outcome: StepOutcome::NotReached,
        reason: None,
        took_ms: 0,
        evidence: Vec::new(),
    }
}

fn ids(identity: &Identity) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("scenario".to_owned(), identity.name().to_owned()),
        ("correlation_id".to_owned(), identity.correlation_id().to_string()),
        ("trace_id".to_owned(), identity.trace_id()),
    ])
}

fn millis(from: SystemTime, to: SystemTime) -> u64 {
    to.duration_since(from).map_or(0, |took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalogue::Tags;
    use crate::evidence::Redactor;

    const SECOND: Duration = Duration::from_secs(1);

    fn entry() -> Entry {
        Entry {
            address: Address { path: "x.feature".into(), line: 3 },
            feature: "X".into(),
            name: "Y".into(),
            tags: Tags::parse(["ECO-MSH-002"].into_iter()).unwrap(),
            steps: vec!["Given a".into(), "When b".into(), "Then c".into()],
        }
    }

    fn run(ends: Vec<StepEnd>) -> Running {
        let mut at = SystemTime::UNIX_EPOCH;
        let mut running = Running::begin(at);
        for (index, end) in ends.into_iter().enumerate() {
            running.step_began(at);
            at += SECOND;
            running.step_ended(at, format!("step {index}"), end);
        }
        running
    }

    fn finish(running: Running) -> ScenarioReport {
        running.finish(SystemTime::UNIX_EPOCH + 3 * SECOND, &entry(), &Journals::default())
    }

    #[test]
    fn all_steps_held_is_passed() {
        let report = finish(run(vec![StepEnd::Passed, StepEnd::Passed, StepEnd::Passed]));
        assert_eq!((report.verdict, report.took_ms), (Verdict::Passed, 3_000));
    }

    #[test]
    fn a_stopped_step_decides_and_the_rest_is_not_reached() {
        let report = finish(run(vec![StepEnd::Passed, StepEnd::Stopped(Stop::failed("seen 503"))]));
        assert_eq!((report.verdict, report.reason.as_deref()), (Verdict::Failed, Some("seen 503")));
        let outcomes: Vec<StepOutcome> = report.steps.iter().map(|step| step.outcome).collect();
        assert_eq!(outcomes, [StepOutcome::Passed, StepOutcome::Failed, StepOutcome::NotReached]);
    }

    #[test]
    fn a_step_without_code_is_an_error_that_names_it() {
        let report = finish(run(vec![StepEnd::Undefined]));
        assert_eq!(
            (report.verdict, report.reason.as_deref()),
            (Verdict::Error, Some("no code matches the step `step 0`"))
        );
    }

    #[test]
    fn a_scenario_without_steps_or_with_a_broken_hook_is_an_error() {
        assert_eq!(finish(run(vec![])).verdict, Verdict::Error);
        let mut broken = run(vec![StepEnd::Passed]);
        broken.hook_failed("no suite".into());
        assert_eq!(finish(broken).verdict, Verdict::Error);
    }

    #[test]
    fn a_reason_shows_no_secret() {
        let journals = Journals::default();
        let journal = Journal::new(Redactor::default());
        journals.open(entry().address, Identity::generate(), journal);
        let running = run(vec![StepEnd::Stopped(Stop::failed("saw password=hunter2hunter2"))]);
        let report = running.finish(SystemTime::UNIX_EPOCH, &entry(), &journals);
        assert!(!serde_json::to_string(&report).unwrap().contains("hunter2"));
    }

    #[test]
    fn evidence_lands_at_the_step_during_which_it_was_asked() {
        let journal = Journal::new(Redactor::default());
        for second in [0, 1, 1, 2] {
            let mut evidence = Evidence::new("http", format!("GET /{second}"));
            evidence.at = (SystemTime::UNIX_EPOCH + second * SECOND).into();
            journal.record(evidence);
        }
        let journals = Journals::default();
        journals.open(entry().address, Identity::generate(), journal);
        let running = run(vec![StepEnd::Passed, StepEnd::Passed, StepEnd::Passed]);
        let report = running.finish(SystemTime::UNIX_EPOCH, &entry(), &journals);
        let counts: Vec<usize> = report.steps.iter().map(|step| step.evidence.len()).collect();
        assert_eq!(counts, [1, 2, 1]);
        assert!(report.ids.contains_key("trace_id"));
    }
}
