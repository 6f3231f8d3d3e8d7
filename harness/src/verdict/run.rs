//! From the verdicts of the scenarios to the result of the run.

use std::fmt;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::catalogue::Level;

/// What a run concludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunResult {
    /// Everything this profile promises was shown.
    Success,
    /// Nothing failed, but not everything was shown.
    Partial,
    /// Something failed.
    Failure,
}

impl fmt::Display for RunResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Success => "success",
            Self::Partial => "partial",
            Self::Failure => "failure",
        })
    }
}

/// The exit codes, one per class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
#[repr(u8)]
pub enum Exit {
    /// Everything was shown.
    Success = 0,
    /// Something failed.
    Failed = 1,
    /// The command line, the configuration or the context is wrong.
    Usage = 2,
    /// Nothing failed, but not everything was shown.
    Partial = 3,
    /// The harness itself failed.
    Harness = 4,
    /// Time ran out.
    TimedOut = 5,
    /// Somebody stopped it.
    Interrupted = 130,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self.into()
    }
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> Self {
        exit as Self
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl TryFrom<u8> for Exit {
    type Error = String;

    fn try_from(code: u8) -> Result<Self, String> {
        let all = [
            Self::Success,
            Self::Failed,
            Self::Usage,
            Self::Partial,
            Self::Harness,
            Self::TimedOut,
            Self::Interrupted,
        ];
        all.into_iter()
            .find(|exit| exit.code() == code)
            .ok_or_else(|| format!("{code} is no exit code of the harness"))
    }
}

/// How the run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Every selected scenario got its verdict.
    Complete,
    /// The time for the whole run was over.
    TimedOut,
    /// Somebody stopped it.
    Interrupted,
}

/// What of a scenario matters to the result.
#[derive(Debug, Clone, Copy)]
pub struct Judged {
    /// Its verdict.
    pub verdict: Verdict,
    /// How much it matters.
    pub level: Level,
    /// It is `not_supported` only because of capabilities the profile declares absent.
    pub declared_absent: bool,
}

/// The result, its exit code, and why it is not `success`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// The result.
    pub result: RunResult,
    /// The exit code.
    pub exit: Exit,
    /// A sentence per reason; empty for success.
    pub reasons: Vec<String>,
}

/// Everything the result depends on.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The scenarios.
    pub scenarios: &'a [Judged],
    /// What is not as the profile declares.
    pub breaches: &'a [String],
    /// Core scenarios that the selection left out.
    pub core_left_out: usize,
    /// How the run ended.
    pub ending: Ending,
    /// Negative controls that did not show what they had to.
    pub controls_unproven: usize,
    /// Negative controls that a run of controls left out.
    pub controls_left_out: usize,
}

/// Draws the conclusion. An empty run, a core scenario left out or not supported is never a success.
#[must_use]
pub fn conclude(facts: &Facts<'_>) -> Conclusion {
    let count = |verdict: Verdict| {
        facts.scenarios.iter().filter(|judged| judged.verdict == verdict).count()
    };
    let (failed, errors) = (count(Verdict::Failed), count(Verdict::Error));
    let mut reasons: Vec<String> = facts.breaches.to_vec();
    note(&mut reasons, failed, "failed");
    note(&mut reasons, errors, "ended in an error of the harness");
    note_controls(&mut reasons, facts.controls_unproven, "not proven");
    let broken = failed > 0 || !facts.breaches.is_empty() || facts.controls_unproven > 0;
    let gaps = gaps(facts);
    let incomplete = !gaps.is_empty();
    reasons.extend(gaps);
    let result = if broken || errors > 0 {
        RunResult::Failure
    } else if incomplete {
        RunResult::Partial
    } else {
        RunResult::Success
    };
    let exit = match facts.ending {
        Ending::Interrupted => Exit::Interrupted,
        Ending::TimedOut => Exit::TimedOut,
        Ending::Complete if broken => Exit::Failed,
        Ending::Complete if errors > 0 => Exit::Harness,
        Ending::Complete if incomplete => Exit::Partial,
        Ending::Complete => Exit::Success,
    };
    Conclusion { result, exit, reasons }
}

/// What keeps a run without failures from being a success.
fn gaps(facts: &Facts<'_>) -> Vec<String> {
    let mut gaps = Vec::new();
    match facts.ending {
        Ending::Complete => {}
        Ending::TimedOut => gaps.push("the time for the whole run was over".to_owned()),
        Ending::Interrupted => gaps.push("the run was interrupted".to_owned()),
    }
    let count = |wanted: &dyn Fn(&Judged) -> bool| {
        facts.scenarios.iter().filter(|judged| wanted(judged)).count()
    };
    if count(&|judged| judged.verdict == Verdict::Passed) == 0 {
        gaps.push("nothing was shown: no scenario passed".to_owned());
    }
    note(&mut gaps, count(&|judged| judged.verdict == Verdict::Inconclusive), "inconclusive");
    note(&mut gaps, count(&|judged| judged.verdict == Verdict::Skipped), "skipped");
    let core_unsupported = |judged: &Judged| {
        judged.verdict == Verdict::NotSupported
            && judged.level == Level::Core
            && !judged.declared_absent
    };
    note(&mut gaps, count(&core_unsupported), "core and not supported here");
    note(&mut gaps, facts.core_left_out, "core and not selected");
    note_controls(&mut gaps, facts.controls_left_out, "not selected");
    gaps
}

fn note(reasons: &mut Vec<String>, count: usize, what: &str) {
    if count > 0 {
        reasons.push(format!("{count} scenario{} {what}", plural(count)));
    }
}

fn note_controls(reasons: &mut Vec<String>, count: usize, what: &str) {
    if count > 0 {
        reasons.push(format!("{count} negative control{} {what}", plural(count)));
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

#[cfg(test)]
mod tests;
