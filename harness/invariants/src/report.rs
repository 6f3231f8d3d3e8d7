//! The verdict: what holds, what does not, how much was looked at, and what that allows to say.

mod table;

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use crate::drain::Rest;
use crate::history::History;
use crate::journal::Outcome;
use crate::judge::{Findings, Invariant, judge_all};

pub use table::table;

/// Version of the report. Additions keep it; anything else changes it.
pub const SCHEMA: &str = "ecotrack.dev/invariants-report/v1";

/// What a check concludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds in every case.
    Held,
    /// It does not.
    Violated,
    /// Nothing is wrong, but not everything could be looked at.
    NotJudged,
}

/// The exit codes, as those of the harness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything that was asked for holds.
    Held = 0,
    /// Something does not, nothing was observed, or the system did not come to rest.
    Violated = 1,
    /// The command line or a file it names is wrong.
    Usage = 2,
    /// Nothing is wrong, but not everything could be judged.
    Partial = 3,
    /// A place that had to be asked did not answer.
    Harness = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An invariant with its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Which one.
    pub invariant: Invariant,
    /// What it says.
    pub title: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// What was found.
    #[serde(flatten)]
    pub findings: Findings,
}

/// The whole verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// What all of it comes to.
    pub verdict: Verdict,
    /// Why it is not `held`, where no invariant says so.
    pub why: Vec<String>,
    /// Operations by action and outcome.
    pub operations: BTreeMap<String, BTreeMap<String, u64>>,
    /// Torn lines of the journal.
    pub torn_lines: usize,
    /// How the system came to rest.
    pub rest: Rest,
    /// The invariants that were asked for.
    pub judgements: Vec<Judgement>,
}

impl Report {
    /// Judges a history by these invariants.
    #[must_use]
    pub fn of(history: &History, invariants: &[Invariant]) -> Self {
        let judgements: Vec<_> =
            judge_all(history, invariants).into_iter().map(Judgement::of).collect();
        let why = why(history);
        let verdict = if why.is_empty() { worst(&judgements) } else { Verdict::Violated };
        Self {
            schema: SCHEMA.to_owned(),
            verdict,
            why,
            operations: operations(history),
            torn_lines: history.journal.torn_lines,
            rest: history.rest.clone(),
            judgements,
        }
    }

    /// The exit code of the verdict.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self.verdict {
            Verdict::Held => Exit::Held,
            Verdict::Violated => Exit::Violated,
            Verdict::NotJudged => Exit::Partial,
        }
    }
}

impl Judgement {
    fn of((invariant, findings): (Invariant, Findings)) -> Self {
        let is_blind = findings.examined == 0 || !findings.not_judged.is_empty();
        let verdict = match (findings.violations.is_empty(), is_blind) {
            (false, _) => Verdict::Violated,
            (true, true) => Verdict::NotJudged,
            (true, false) => Verdict::Held,
        };
        Self { invariant, title: invariant.title().to_owned(), verdict, findings }
    }

    /// What "none of n" allows to say: the rate is below this, with 95 % confidence.
    #[must_use]
    pub fn bound(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a bound is an estimate")]
        let examined = self.findings.examined as f64;
        (self.verdict == Verdict::Held).then_some(3.0 / examined)
    }
}

fn worst(judgements: &[Judgement]) -> Verdict {
    let has = |verdict| judgements.iter().any(|judgement| judgement.verdict == verdict);
    if has(Verdict::Violated) {
        Verdict::Violated
    } else if has(Verdict::NotJudged) {
        Verdict::NotJudged
    } else {
        Verdict::Held
    }
}

/// What makes a history red whatever the invariants say.
fn why(history: &History) -> Vec<String> {
    let mut why = Vec::new();
    if history.journal.operations.iter().all(|operation| operation.outcome() != Outcome::Ok) {
        why.push("nothing observed: no client was told that anything was done".to_owned());
    }
    let observed = &history.observed;
    if observed.database.orders.is_empty() && observed.kafka.records.is_empty() {
        why.push("nothing observed: no order and no record; are these the right database and the right brokers?".to_owned());
    }
    if !history.rest.is_reached() {
        let waited = history.rest.waited_ms / 1000;
        why.push(format!("did not come to rest in {waited} s: {}", history.rest.left.join("; ")));
    }
    why
}

fn operations(history: &History) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut counted: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for operation in &history.journal.operations {
        let outcome = match operation.outcome() {
            Outcome::Ok => "ok",
            Outcome::Fail => "fail",
            Outcome::Unknown => "unknown",
        };
        let action = counted.entry(operation.request.action.name().to_owned()).or_default();
        *action.entry(outcome.to_owned()).or_default() += 1;
    }
    counted
}
