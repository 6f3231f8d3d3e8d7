//! Bugs that were put in on purpose: a checker that does not find them is worth nothing.

use anyhow::Context as _;

use crate::{
    crash,
    progress::Progress,
    report::Report,
    stack::{Options, Stack},
    variant,
};

/// A bug.
#[derive(Debug, Clone, Copy)]
pub struct Bug {
    /// The cargo feature of the crate it lives in.
    pub feature: &'static str,
    /// Beginnings of the rows of the report of which one must be red: any other red row is not about it, nor is one that says
    /// "broke off" or "not judged".
    shown_by: &'static [&'static str],
}

const fn bug(feature: &'static str, shown_by: &'static [&'static str]) -> Bug {
    Bug { feature, shown_by }
}

/// The bugs.
pub const BUGS: [Bug; 10] = [
    bug("planted-dual-write", &["I4 "]),
    bug("planted-mark-before-ack", &["I4 "]),
    bug("planted-relay-by-position", &["I4 "]),
    bug("planted-offset-before-effect", &["I8 "]),
    bug("planted-inbox-outside-tx", &["I5 "]),
    bug("planted-swallowed-consumer-error", &["I8 "]),
    bug(
        "planted-check-then-insert-key",
        &["I3 ", "one key: answers differ", "orders", "payments", "charges"],
    ),
    bug("planted-read-modify-write-stock", &["I6 ", "rounds with exactly"]),
    bug("planted-reply-before-commit", &["I1 "]),
    bug("planted-new-key-on-retry", &["I3 "]),
];
/// Name of the crash points' feature, which the faults want.
pub const FAILPOINTS: &str = "failpoints";

/// Runs the gauntlet without a bug, which must be green, then with each of `bugs`, which must be red where the bug shows.
pub async fn find(bugs: &[Bug], options: &Options, faults: usize, seed: u64) -> Report {
    let mut report = Report::new(&format!("planted bugs, {faults} faults each, seed {seed}"));
    let red = run(&[FAILPOINTS], options, faults, seed).await;
    report.judged("no bug", "nothing found", &told(&red), red.is_empty());
    if !red.is_empty() {
        // What is red without a bug says nothing about one.
        return report;
    }
    let mut progress = Progress::of("bugs", bugs.len());
    for bug in bugs {
        let red = run(&[FAILPOINTS, bug.feature], options, faults, seed).await;
        let is_found = bug.is_shown_by(&red);
        let expected = bug.shown_by.join(" or ");
        report.judged(bug.feature, &expected, &told(&red), is_found);
        let verdict = if is_found { "found" } else { "NOT found" };
        progress.step_to(&format!("{} {verdict}: {}", bug.feature, told(&red)));
    }
    report
}

/// The rows that are red, with what was measured. A run that breaks off is red too, and shows no bug: the next one is tried.
async fn run(features: &[&str], options: &Options, faults: usize, seed: u64) -> Vec<String> {
    let red = try_run(features, options, faults, seed).await;
    red.unwrap_or_else(|error| vec![format!("broke off: {error:#}")])
}

async fn try_run(
    features: &[&str],
    options: &Options,
    faults: usize,
    seed: u64,
) -> anyhow::Result<Vec<String>> {
    let names: Vec<String> = features.iter().map(|&name| name.to_owned()).collect();
    let build = move || variant::build(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let binaries = tokio::task::spawn_blocking(build).await??;
    let stack = Stack::start(&Options { binaries, ..options.clone() }).await?;
    let (report, _) = crash::gauntlet(&stack, faults, seed).await?;
    anyhow::ensure!(!report.rows.is_empty(), "the gauntlet judged nothing");
    let red = report.rows.into_iter().filter(|row| !row.is_good);
    Ok(red.map(|row| format!("{}: {}", row.name, row.measured)).collect())
}

fn told(red: &[String]) -> String {
    if red.is_empty() { "nothing".to_owned() } else { red.join("; ") }
}

impl Bug {
    /// The bug of this feature.
    pub fn named(feature: &str) -> anyhow::Result<Self> {
        let bug = BUGS.into_iter().find(|bug| bug.feature == feature);
        bug.with_context(|| format!("no bug is planted as `{feature}`"))
    }

    fn is_shown_by(self, red: &[String]) -> bool {
        red.iter().any(|row| self.shown_by.iter().any(|start| row.starts_with(start)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_is_found_only_where_it_shows() {
        let stock = BUGS[7];
        let red = |rows: &[&str]| rows.iter().map(|&row| row.to_owned()).collect::<Vec<_>>();
        assert!(stock.is_shown_by(&red(&["I6 stock: supplied = available + reserved + sold"])));
        assert!(!stock.is_shown_by(&red(&["not at rest", "I8 no committed offset"])));
        assert!(!stock.is_shown_by(&red(&["not judged: I6 stock: 0 of 0"])));
        let key = BUGS[6];
        assert!(key.is_shown_by(&red(&["one key: answers differ: two answers under one key"])));
        assert!(!key.is_shown_by(&red(&["one key broke off: cannot register: 503"])));
        assert!(!stock.is_shown_by(&[]));
    }
}
