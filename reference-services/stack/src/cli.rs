//! The command line.

use std::{io::Write as _, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use ecotrack_stack::{
    Name, Options, Stack, crash, fuzz, planted, race,
    report::{self, Report},
    variant,
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
    /// Kill services with -9 under load, let everything come to rest, judge invariants I1 to I8.
    Crash(Crashes),
    /// Build with the feature failpoints, let services die at named points of their code, then judge.
    CrashPoints(CrashPoints),
    /// Build with each planted bug in turn and run through faults of all kinds: each must be found.
    Planted(Planted),
    /// Every operation of the five documents with valid and invalid requests, by schemathesis.
    Fuzz(Fuzzing),
}

#[derive(Debug, Args)]
struct Crashes {
    /// Kills of each service.
    #[arg(long, default_value_t = 50)]
    kills: usize,
    /// Only these services.
    #[arg(long)]
    service: Vec<Name>,
    /// What moments and load follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Args)]
struct CrashPoints {
    /// Deaths at each point.
    #[arg(long, default_value_t = 30)]
    times: usize,
    /// Only these points.
    #[arg(long)]
    point: Vec<String>,
    /// What load follows from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Args)]
struct Planted {
    /// Only these bugs, for example planted-dual-write.
    #[arg(long)]
    bug: Vec<String>,
    /// Faults of each run.
    #[arg(long, default_value_t = 20)]
    faults: usize,
    /// What moments, faults and load follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
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
        let options = self.options()?;
        match &self.verb {
            Verb::Up => return up(&options).await,
            Verb::Planted(planted) => return self.conclude(&[told(planted.run(&options).await)?]),
            Verb::Race(_) | Verb::Crash(_) | Verb::CrashPoints(_) | Verb::Fuzz(_) => {}
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
            Verb::Up | Verb::Planted(_) => Vec::new(),
            Verb::Race(races) => vec![
                told(race::one_key(stack, races.keys, races.parallel).await?)?,
                told(race::oversell(stack, races.rounds, races.buyers, races.items).await?)?,
            ],
            Verb::Crash(crashes) => vec![judged(crash::at_random(stack, &crashes.kills()).await?)?],
            Verb::CrashPoints(crashes) => {
                let points = crashes.points();
                vec![judged(crash::at_points(stack, &points, crashes.times, crashes.seed).await?)?]
            }
            Verb::Fuzz(fuzzing) => vec![told(fuzzing.run(stack).await?)?],
        };
        self.conclude(&reports)
    }

    fn conclude(&self, reports: &[Report]) -> anyhow::Result<bool> {
        if let Some(path) = &self.json {
            report::write(reports, path)?;
        }
        Ok(!reports.is_empty() && reports.iter().all(Report::is_good))
    }

    fn options(&self) -> anyhow::Result<Options> {
        let mut options = Options::default();
        match (&self.binaries, &self.verb) {
            (Some(binaries), _) => options.binaries.clone_from(binaries),
            (None, Verb::CrashPoints(_)) => {
                options.binaries = variant::build(&[planted::FAILPOINTS])?;
            }
            (None, _) => {}
        }
        options.variables = vec![("ECOTRACK_LOG".to_owned(), self.log.clone())];
        Ok(options)
    }
}

impl Planted {
    async fn run(&self, options: &Options) -> Report {
        let is_meant = |bug: &planted::Bug| {
            self.bug.is_empty() || self.bug.iter().any(|name| name == bug.feature)
        };
        let bugs: Vec<_> = planted::BUGS.into_iter().filter(is_meant).collect();
        planted::find(&bugs, options, self.faults, self.seed).await
    }
}

impl Crashes {
    fn kills(&self) -> crash::Kills {
        let services = or_all(&self.service).to_vec();
        crash::Kills { each: self.kills, services, seed: self.seed }
    }
}

impl CrashPoints {
    fn points(&self) -> Vec<crash::Point> {
        let is_meant = |point: &crash::Point| {
            self.point.is_empty() || self.point.iter().any(|name| name == point.name)
        };
        crash::POINTS.into_iter().filter(is_meant).collect()
    }
}

impl Fuzzing {
    async fn run(&self, stack: &Stack) -> anyhow::Result<Report> {
        let services = or_all(&self.service);
        let effort = fuzz::Effort { examples: self.examples, seed: self.seed };
        fuzz::fuzz(stack, services, &effort).await
    }
}

fn or_all(services: &[Name]) -> &[Name] {
    if services.is_empty() { &Name::SERVICES } else { services }
}

fn judged((report, said): (Report, String)) -> anyhow::Result<Report> {
    say(&said)?;
    told(report)
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
