//! What is concluded: a verdict per scenario, a result per run, an exit code per class.

mod blame;
mod run;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use run::{Conclusion, Ending, Exit, Facts, Judged, RunResult, conclude};

/// What one scenario showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every step held, observed in this run.
    Passed,
    /// The platform did not do what it promises.
    Failed,
    /// The cluster lacks a capability the scenario needs; the proof of absence is with it.
    NotSupported,
    /// The scenario has no meaning on this kind of cluster, as its profile declares; the reason is with it.
    NotApplicable,
    /// Somebody chose not to run it: who, why, until when.
    Skipped,
    /// The observer had no data, so nothing can be said.
    Inconclusive,
    /// The harness itself failed.
    Error,
}

impl Verdict {
    /// Every verdict, in the order reports list them.
    pub const ALL: [Self; 7] = [
        Self::Passed,
        Self::Failed,
        Self::Error,
        Self::Inconclusive,
        Self::NotSupported,
        Self::NotApplicable,
        Self::Skipped,
    ];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotSupported => "not_supported",
            Self::NotApplicable => "not_applicable",
            Self::Skipped => "skipped",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// What a step answers: nothing, or why the scenario ends here.
pub type Outcome<T = ()> = Result<T, Stop>;

/// Why a scenario ends, and with which verdict.
///
/// Any error turns into one with `?` and the whole chain of its causes: `error` when Kubernetes or the harness's own way
/// into the cluster failed, `inconclusive` when an observer did not answer, else `failed`.
#[derive(Debug)]
pub struct Stop {
    verdict: Verdict,
    sentence: String,
}

impl Stop {
    /// The platform did not do what it promises: `sentence` says what was expected and seen.
    pub fn failed(sentence: impl fmt::Display) -> Self {
        Self { verdict: Verdict::Failed, sentence: sentence.to_string() }
    }

    /// The harness could not do its own part.
    pub fn error(cause: impl fmt::Display) -> Self {
        Self { verdict: Verdict::Error, sentence: cause.to_string() }
    }

    /// The verdict of the scenario.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Reads back what [`fmt::Display`] wrote: the Gherkin runner carries only text from a step to the report.
    /// A text of another shape comes from a panic, which is an error of the harness.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let known = [Verdict::Failed, Verdict::Inconclusive, Verdict::Error];
        let split = text.split_once(": ");
        let named = split.and_then(|(name, rest)| {
            known.iter().find(|verdict| verdict.name() == name).map(|verdict| (*verdict, rest))
        });
        match named {
            Some((verdict, sentence)) => Self { verdict, sentence: sentence.to_owned() },
            None => Self::error(format!("the step panicked: {text}")),
        }
    }

    /// What to show.
    #[must_use]
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.verdict, self.sentence)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        let error = error.into();
        Self { verdict: blame::verdict(&error), sentence: format!("{error:#}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(outcome: Outcome) -> Stop {
        outcome.unwrap_err()
    }

    #[test]
    fn what_a_step_answered_reads_back() {
        let inconclusive = Stop { verdict: Verdict::Inconclusive, sentence: "no data".to_owned() };
        for stop in [Stop::failed("expected 200: seen 503"), inconclusive, Stop::error("y")] {
            let read = Stop::read(&stop.to_string());
            assert_eq!((read.verdict(), read.sentence()), (stop.verdict(), stop.sentence()));
        }
    }

    #[test]
    fn a_panic_is_an_error_of_the_harness() {
        let read = Stop::read("called `Option::unwrap()` on a `None` value");
        assert_eq!(read.verdict(), Verdict::Error);
        assert!(read.sentence().contains("panicked"), "{}", read.sentence());
    }

    #[test]
    fn an_error_of_an_expectation_is_a_failure_with_its_whole_chain() {
        let stop = stop((|| Err(anyhow::anyhow!("seen 503").context("expected 200"))?)());
        assert_eq!((stop.verdict(), stop.sentence()), (Verdict::Failed, "expected 200: seen 503"));
    }
}
