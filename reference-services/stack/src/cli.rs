//! The command line.

use std::{io::Write as _, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use ecotrack_stack::{
    Name, Options, Stack, fuzz, race,
    report::{self, Report},
};

/// The five services and the provider sandbox as real processes on loopback, with real PostgreSQL, Redis and Kafka.
#[derive(Debug, Parser)]
#[command(name = "stack", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    verb: Verb,
    /// Folder with the services' binaries, else the release folder of this workspace.
    #[arg(long, global = true)]
    binaries: Option<PathBuf>,
    /// Where the figures go as JSON.
    #[arg(long, global = true)]
    json: Option<PathBuf>,
    /// Log filter of the services.
    #[arg(long, global = true, default_value = "warn,librdkafka=off")]
    log: String,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Start everything, print the addresses, run until Ctrl-C.
    Up,
    /// One Idempotency-Key used by many at once; few items wanted by many at once.
    Race(Races),
    /// Every operation of the five documents with valid and invalid requests, by schemathesis.
    Fuzz(Fuzzing),
}

#[derive(Debug, Args)]
struct Fuzzing {
    /// Only these services.
    #[arg(long)]
    service: Vec<Name>,
    /// Examples for an operation in each phase.
    #[arg(long, default_value_t = 50)]
    examples: u32,
    /// Makes a run repeatable.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Args)]
struct Races {
    /// Keys, one after another.
    #[arg(long, default_value_t = 500)]
    keys: usize,
    /// Requests under one key at once.
    #[arg(long, default_value_t = 64)]
    parallel: usize,
    /// Rounds of buyers.
    #[arg(long, default_value_t = 50)]
    rounds: usize,
    /// Buyers at once.
    #[arg(long, default_value_t = 200)]
    buyers: usize,
    /// Items they want.
    #[arg(long, default_value_t = 10)]
    items: u32,
}

impl Cli {
    /// Runs the verb. Says whether everything was as it should be.
    pub(crate) async fn run(self) -> anyhow::Result<bool> {
        let options = self.options();
        if matches!(self.verb, Verb::Up) {
            return up(&options).await;
        }
        let stack = Stack::start(&options).await?;
        let outcome = self.lane(&stack).await;
        if !matches!(outcome, Ok(true)) {
            stack.keep_folder()?;
            say(&format!("kept for a look: {}", stack.folder().display()))?;
        }
        outcome
    }

    async fn lane(&self, stack: &Stack) -> anyhow::Result<bool> {
        let reports = match &self.verb {
            Verb::Up => Vec::new(),
            Verb::Race(races) => vec![
                told(race::one_key(stack, races.keys, races.parallel).await?)?,
                told(race::oversell(stack, races.rounds, races.buyers, races.items).await?)?,
            ],
            Verb::Fuzz(fuzzing) => vec![told(fuzzing.run(stack).await?)?],
        };
        if let Some(path) = &self.json {
            report::write(&reports, path)?;
        }
        Ok(!reports.is_empty() && reports.iter().all(Report::is_good))
    }

    fn options(&self) -> Options {
        let mut options = Options::default();
        if let Some(binaries) = &self.binaries {
            options.binaries.clone_from(binaries);
        }
        options.variables = vec![("ECOTRACK_LOG".to_owned(), self.log.clone())];
        options
    }
}

impl Fuzzing {
    async fn run(&self, stack: &Stack) -> anyhow::Result<Report> {
        let services = if self.service.is_empty() { &Name::SERVICES[..] } else { &self.service };
        let effort = fuzz::Effort { examples: self.examples, seed: self.seed };
        fuzz::fuzz(stack, services, &effort).await
    }
}

fn told(report: Report) -> anyhow::Result<Report> {
    say(&report.table())?;
    Ok(report)
}

async fn up(options: &Options) -> anyhow::Result<bool> {
    let stack = Stack::start(options).await?;
    for service in stack.services() {
        say(&format!("{:22} {}", service.name(), service.base()))?;
    }
    say(&format!("{:22} {}", "postgres", stack.postgres().admin_url("ecotrack")))?;
    say(&format!("{:22} {}", "kafka", stack.kafka().plain()))?;
    say(&format!("{:22} {}", "folder", stack.folder().display()))?;
    tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")?;
    Ok(true)
}

fn say(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{line}").context("standard output is gone")
}
