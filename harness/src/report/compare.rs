//! Two runs side by side: which verdicts changed, beside what changed in the platform.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::model::{CapabilityRow, Report, ScenarioReport};
use crate::verdict::Verdict;

/// What differs between an earlier and a later run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The earlier run.
    pub before: String,
    /// The later run.
    pub after: String,
    /// Scenarios with another verdict, or that only one of the runs had.
    pub scenarios: Vec<Change>,
    /// Capabilities that came, went or changed their version; Kubernetes among them.
    pub platform: Vec<Change>,
}

/// One thing before and after; absent when that run did not have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What.
    pub what: String,
    /// How it was.
    pub before: Option<String>,
    /// How it is.
    pub after: Option<String>,
    /// It was fine and is not any more.
    pub worse: bool,
}

/// Compares two reports. Scenarios are the same when feature and name are; a moved line is no change.
#[must_use]
pub fn compare(before: &Report, after: &Report) -> Difference {
    let fine =
        |verdict: Option<&String>| verdict.is_some_and(|verdict| verdict == Verdict::Passed.name());
    let mut scenarios = changes(&verdicts(&before.scenarios), &verdicts(&after.scenarios));
    for change in &mut scenarios {
        change.worse = fine(change.before.as_ref()) && !fine(change.after.as_ref());
    }
    let mut platform = changes(&versions(before), &versions(after));
    for change in &mut platform {
        change.worse = change.after.as_deref().is_none_or(|version| version == "absent");
    }
    Difference { before: before.run.to_string(), after: after.run.to_string(), scenarios, platform }
}

impl Difference {
    /// Whether anything that was fine is not any more.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        self.scenarios.iter().any(|change| change.worse)
    }

    /// The difference as lines for a terminal.
    #[must_use]
    pub fn lines(&self) -> String {
        let mut text = format!("{} -> {}\n", self.before, self.after);
        for (title, changes) in [("platform", &self.platform), ("scenarios", &self.scenarios)] {
            if changes.is_empty() {
                let _ = writeln!(text, "{title}: no change");
                continue;
            }
            let _ = writeln!(text, "{title}:");
            for change in changes {
                let mark = if change.worse { "!" } else { " " };
                let side =
                    |side: &Option<String>| side.clone().unwrap_or_else(|| "not there".to_owned());
                let _ = writeln!(
                    text,
                    "{mark} {}: {} -> {}",
                    change.what,
                    side(&change.before),
                    side(&change.after)
                );
            }
        }
        text
    }
}

fn changes(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Change> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let change = |name: &&String| Change {
        what: (*name).clone(),
        before: before.get(*name).cloned(),
        after: after.get(*name).cloned(),
        worse: false,
    };
    names.iter().map(change).filter(|change| change.before != change.after).collect()
}

fn verdicts(scenarios: &[ScenarioReport]) -> BTreeMap<String, String> {
    scenarios
        .iter()
        .map(|scenario| {
            (format!("{}: {}", scenario.feature, scenario.name), scenario.verdict.to_string())
        })
        .collect()
}

fn versions(report: &Report) -> BTreeMap<String, String> {
    let version = |row: &CapabilityRow| row.presence.version().unwrap_or("absent").to_owned();
    let mut versions: BTreeMap<String, String> =
        report.capabilities.iter().map(|row| (row.name.to_string(), version(row))).collect();
    versions.insert("kubernetes".to_owned(), report.cluster.version.clone());
    versions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::Presence;
    use crate::report::model::sample::{report_of, scenario};

    #[test]
    fn a_run_compared_with_itself_has_no_difference() {
        let report = report_of(vec![scenario(1, Verdict::Passed)]);
        let difference = compare(&report, &report);
        assert!(difference.scenarios.is_empty() && difference.platform.is_empty());
    }

    #[test]
    fn a_broken_scenario_is_worse_and_stands_beside_the_changed_version() {
        let mut before = report_of(vec![scenario(1, Verdict::Passed)]);
        let mut after = report_of(vec![scenario(1, Verdict::Failed)]);
        before.scenarios[0].name = "Plaintext is refused".into();
        after.scenarios[0].name = "Plaintext is refused".into();
        after.capabilities[0].presence =
            Presence::Present { version: "1.32.0".into(), proof: String::new() };
        let difference = compare(&before, &after);
        assert!(difference.is_worse());
        let lines = difference.lines();
        assert!(lines.contains("! Mutual TLS: Plaintext is refused: passed -> failed"), "{lines}");
        assert!(lines.contains("  istio: 1.31.1 -> 1.32.0"), "{lines}");
    }

    #[test]
    fn a_scenario_that_moved_within_its_file_is_the_same() {
        let before = report_of(vec![scenario(1, Verdict::Passed)]);
        let after = report_of(vec![scenario(40, Verdict::Passed)]);
        assert!(compare(&before, &after).scenarios.is_empty());
    }

    #[test]
    fn a_scenario_that_vanished_is_worse() {
        let before = report_of(vec![scenario(1, Verdict::Passed)]);
        assert!(compare(&before, &report_of(Vec::new())).is_worse());
    }
}
