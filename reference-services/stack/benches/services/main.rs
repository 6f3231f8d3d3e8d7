//! `make bench`: what services cost, as ratios measured side by side in one run. A table, JSON, and exit code 1 when a limit is missed.
//!
//! `--smoke` is short and judges no ratio; `--only one-row` and so on runs one benchmark.

mod backlog;
mod baseline;
mod cached_read;
mod events;
mod login_storm;
mod memory;
mod one_row;
mod pgbench;
mod place_order;
mod quiet;
mod raw_kafka;
mod raw_redis;
mod sink;
mod start_up;
mod telemetry;
mod token;

use std::{io::Write as _, process::ExitCode, time::Duration};

use anyhow::{Context as _, anyhow};
use clap::{Parser, Subcommand, ValueEnum};
use ecotrack_stack::{
    Options, Stack,
    bench::rounds::Scale,
    report::{self, Report},
};

/// Where the figures go: beside cargo's own.
const FILE: &str = "benches.json";
/// Longest that one benchmark may take: one that hangs, or a slow machine, leaves the others their figures. A statement that it left running
/// in the database weighs on those after it.
const DEADLINE: Duration = Duration::from_mins(4);

#[derive(Debug, Parser)]
struct Arguments {
    /// Short: shows that it runs, judges no ratio.
    #[arg(long)]
    smoke: bool,
    /// Only these.
    #[arg(long)]
    only: Vec<Benchmark>,
    /// What cargo says to whatever it benches.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Be what services are compared with.
    #[command(hide = true)]
    Baseline,
}

/// In the order in which they run: those that change much for others come late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Benchmark {
    OneRow,
    CachedRead,
    Telemetry,
    Token,
    Events,
    Backlog,
    PlaceOrder,
    LoginStorm,
    Memory,
    StartUp,
}

impl Benchmark {
    /// What could not be measured in time is a bad figure, and the others are still worth having.
    async fn report(self, stack: &Stack, scale: &Scale) -> Report {
        let late = |_| Err(anyhow!("not done within {DEADLINE:?}"));
        let report = tokio::time::timeout(DEADLINE, self.run(stack, scale)).await;
        report.unwrap_or_else(late).unwrap_or_else(|error| {
            let mut report = Report::new(&format!("{self:?}"));
            report.judged("runs to its end", "yes", &format!("{error:#}"), false);
            report
        })
    }

    async fn run(self, stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
        match self {
            Self::OneRow => Box::pin(one_row::run(stack, scale)).await,
            Self::CachedRead => Box::pin(cached_read::run(stack, scale)).await,
            Self::Telemetry => Box::pin(telemetry::run(stack, scale)).await,
            Self::Token => Box::pin(token::run(stack, scale)).await,
            Self::Events => Box::pin(events::run(stack, scale)).await,
            Self::Backlog => Box::pin(backlog::run(stack, scale)).await,
            Self::PlaceOrder => Box::pin(place_order::run(stack, scale)).await,
            Self::LoginStorm => Box::pin(login_storm::run(stack, scale)).await,
            Self::Memory => Box::pin(memory::run(stack, scale)).await,
            Self::StartUp => Box::pin(start_up::run(stack, scale)).await,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Verb::Baseline) = arguments.verb {
        return baseline::serve().await;
    }
    match Box::pin(measure(&arguments)).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // A closed standard error leaves nobody to tell; the exit code still does.
            writeln!(std::io::stderr(), "bench: {error:#}").ok();
            ExitCode::from(2)
        }
    }
}

/// Runs what was asked for. Says whether everything was as it should be.
async fn measure(arguments: &Arguments) -> anyhow::Result<bool> {
    // Several libraries bring TLS; without a word they would not agree on who does the cryptography.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        anyhow::bail!("a cryptography provider is already installed");
    }
    let scale = if arguments.smoke { Scale::smoke() } else { Scale::full() };
    let stack = Stack::start(&Options::default()).await?;
    let is_meant =
        |benchmark: &&Benchmark| arguments.only.is_empty() || arguments.only.contains(benchmark);
    let mut reports = Vec::new();
    for benchmark in Benchmark::value_variants().iter().filter(is_meant) {
        let report = benchmark.report(&stack, &scale).await;
        writeln!(std::io::stdout(), "{}", report.table()).context("standard output is gone")?;
        reports.push(report);
    }
    report::write(&reports, &report::folder()?.join(FILE))?;
    let is_good = reports.iter().all(Report::is_good);
    if !is_good {
        stack.keep_folder()?;
        writeln!(std::io::stdout(), "kept for a look: {}", stack.folder().display())?;
    }
    Ok(is_good)
}
