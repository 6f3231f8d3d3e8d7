//! Bugs that were put in on purpose: a checker that does not find them is worth nothing.

use crate::{
    crash,
    report::Report,
    stack::{Options, Stack},
    variant,
};

/// The bugs, each a cargo feature of the crate it lives in.
pub const BUGS: [&str; 10] = [
    "planted-dual-write",
    "planted-mark-before-ack",
    "planted-relay-by-position",
    "planted-offset-before-effect",
    "planted-inbox-outside-tx",
    "planted-swallowed-consumer-error",
    "planted-check-then-insert-key",
    "planted-read-modify-write-stock",
    "planted-reply-before-commit",
    "planted-new-key-on-retry",
];
/// Name of the crash points' feature, which the faults want.
pub const FAILPOINTS: &str = "failpoints";

/// Runs the gauntlet without a bug, which must be green, then with each of `bugs`, which must be red.
pub async fn find(
    bugs: &[&str],
    options: &Options,
    faults: usize,
    seed: u64,
) -> anyhow::Result<Report> {
    let mut report = Report::new(&format!("planted bugs, {faults} faults each, seed {seed}"));
    let (is_green, found) = run(&[FAILPOINTS], options, faults, seed).await?;
    report.judged("no bug", "nothing found", &found, is_green);
    if !is_green {
        // What is red without a bug says nothing about one.
        return Ok(report);
    }
    for bug in bugs {
        let (is_green, found) = run(&[FAILPOINTS, bug], options, faults, seed).await?;
        report.judged(bug, "found", &found, !is_green);
    }
    Ok(report)
}

async fn run(
    features: &[&str],
    options: &Options,
    faults: usize,
    seed: u64,
) -> anyhow::Result<(bool, String)> {
    let names: Vec<String> = features.iter().map(|&name| name.to_owned()).collect();
    let build = move || variant::build(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let binaries = tokio::task::spawn_blocking(build).await??;
    let stack = Stack::start(&Options { binaries, ..options.clone() }).await?;
    let (report, _) = crash::gauntlet(&stack, faults, seed).await?;
    let red: Vec<_> =
        report.rows.iter().filter(|row| !row.is_good).map(|row| row.name.as_str()).collect();
    let found = if red.is_empty() { "nothing".to_owned() } else { red.join("; ") };
    Ok((report.is_good(), found))
}
