//! Hand-written histories, good and bad, for each invariant; and generated ones.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as its test does")]

mod age;
mod delivery;
mod effects;
mod failures;
mod generated;
mod money;
mod paths;
mod sessions;
mod stock;
mod verdicts;
mod world;
mod writes;

use ecotrack_invariants::history::History;
use ecotrack_invariants::judge::{Findings, Invariant};

/// Invariants that a history breaks.
fn broken(history: &History) -> Vec<Invariant> {
    Invariant::ALL
        .into_iter()
        .filter(|invariant| !invariant.judge(history).violations.is_empty())
        .collect()
}

/// A history that is good in every respect.
#[track_caller]
fn assert_good(history: &History) {
    for invariant in Invariant::ALL {
        let findings = invariant.judge(history);
        assert_eq!(findings.violations, [], "{invariant}");
        assert_eq!(findings.not_judged, Vec::<String>::new(), "{invariant}");
    }
}

/// A history that breaks these and no others; answers with what the first of them found.
#[track_caller]
fn assert_broken(history: &History, expected: &[Invariant]) -> Findings {
    assert_eq!(broken(history), expected);
    expected[0].judge(history)
}

/// Who is blamed first.
fn culprit(findings: &Findings) -> &str {
    &findings.violations[0].culprit
}
