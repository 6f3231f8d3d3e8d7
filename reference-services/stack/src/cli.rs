//! The command line.

use std::{
    io::Write as _,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
};

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
    #[arg(long, default_value = "50")]
    kills: NonZeroUsize,
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
    #[arg(long, default_value = "30")]
    times: NonZeroUsize,
    /// Only these points.
    #[arg(long, value_parser = crash::Point::named)]
    point: Vec<crash::Point>,
    /// What load follows from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Args)]
struct Planted {
    /// Only these bugs, for example planted-dual-write.
    #[arg(long, value_parser = planted::Bug::named)]
    bug: Vec<planted::Bug>,
    /// Faults of each run.
    #[arg(long, default_value = "20")]
    faults: NonZeroUsize,
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
    #[arg(long, default_value = "500")]
    keys: NonZeroUsize,
    /// Requests under one key at once.
    #[arg(long, default_value = "64")]
    parallel: NonZeroUsize,
    /// Rounds of buyers.
    #[arg(long, default_value = "50")]
    rounds: NonZeroUsize,
    /// Buyers at once.
    #[arg(long, default_value = "200")]
    buyers: NonZeroUsize,
    /// Items they want.
    #[arg(long, default_value = "10")]
    items: NonZeroU32,
}

impl Cli {
    /// Runs the verb. Says whether everything was as it should be.
    pub(crate) async fn run(self) -> anyhow::Result<bool> {
        let options = self.options()?;
        match &self.verb {
            Verb::Up => return up(&options).await,
            Verb::Planted(planted) => {
                return self.conclude(&[told(planted.run(&options).await)?]);
            }
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
                told(race::one_key(stack, races.keys.get(), races.parallel.get()).await?)?,
                told(races.oversell(stack).await?)?,
            ],
            Verb::Crash(crashes) => vec![judged(crash::at_random(stack, &crashes.kills()).await?)?],
            Verb::CrashPoints(crashes) => {
                let (points, times) = (or_all(&crashes.point, &crash::POINTS), crashes.times.get());
                vec![judged(crash::at_points(stack, points, times, crashes.seed).await?)?]
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
        let bugs = or_all(&self.bug, &planted::BUGS);
        Box::pin(planted::find(bugs, options, self.faults.get(), self.seed)).await
    }
}

impl Crashes {
    fn kills(&self) -> crash::Kills {
        let services = or_all(&self.service, &Name::SERVICES).to_vec();
        crash::Kills { each: self.kills.get(), services, seed: self.seed }
    }
}

impl Races {
    async fn oversell(&self, stack: &Stack) -> anyhow::Result<Report> {
        race::oversell(stack, self.rounds.get(), self.buyers.get(), self.items.get()).await
    }
}

impl Fuzzing {
    async fn run(&self, stack: &Stack) -> anyhow::Result<Report> {
        let services = or_all(&self.service, &Name::SERVICES);
        let effort = fuzz::Effort { examples: self.examples, seed: self.seed };
        fuzz::fuzz(stack, services, &effort).await
    }
}

/// What was named, or everything.
fn or_all<'a, T>(named: &'a [T], all: &'a [T]) -> &'a [T] {
    if named.is_empty() { all } else { named }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_run_and_nothing_is_no_work() {
        for arguments in [
            ["planted", "--bug", "planted-typo"],
            ["crash-points", "--point", "order-service.typo"],
            ["crash-points", "--times", "0"],
            ["crash", "--kills", "0"],
            ["race", "--keys", "0"],
            ["race", "--rounds", "0"],
        ] {
            assert!(
                Cli::try_parse_from([&["stack"], &arguments[..]].concat()).is_err(),
                "{arguments:?}"
            );
        }
        Cli::try_parse_from(["stack", "planted", "--bug", "planted-dual-write"]).unwrap();
    }
}
