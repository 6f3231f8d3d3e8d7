//! `cargo bench -p ecotrack-stack`: the ratios of services, as a table and as JSON. `-- --smoke` makes it short.

use std::io::Write as _;

use anyhow::Context as _;
use ecotrack_stack::{Options, Stack, bench, report};

/// Where the figures go: beside cargo's own.
const FILE: &str = "benches.json";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let is_smoke = std::env::args().any(|argument| argument == "--smoke");
    let stack = Stack::start(&Options::default()).await?;
    let reports = bench::all(&stack, is_smoke).await?;
    let mut out = std::io::stdout().lock();
    for report in &reports {
        writeln!(out, "{}", report.table()).context("standard output is gone")?;
    }
    report::write(&reports, &report::folder()?.join(FILE))?;
    if !is_smoke && !reports.iter().all(report::Report::is_good) {
        anyhow::bail!("a ratio is missed");
    }
    Ok(())
}
