//! The commands of the `invariants` program.

mod arguments;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;

use crate::drain::drain;
use crate::history::History;
use crate::journal::{Recorder, read_all};
use crate::judge::Invariant;
use crate::report::{Exit, Report, table};
use crate::workload;
pub use arguments::{CheckArguments, PlayArguments, ReplayArguments, Verdicts};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Wait until the system is at rest, read what it says, and judge it by the clients' journals.
    Check(Box<CheckArguments>),
    /// Judge a stored history again.
    Replay(ReplayArguments),
    /// Play customers at a rate and write their journal.
    Play(Box<PlayArguments>),
}

/// Why a command did not come to a verdict, and the exit code of that class.
#[derive(Debug)]
pub struct Failure {
    /// The class.
    pub exit: Exit,
    /// What happened.
    pub error: anyhow::Error,
}

impl Failure {
    fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into() }
    }

    fn harness(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Harness, error: error.into() }
    }
}

impl Command {
    /// Does it.
    pub async fn run(self) -> Result<Exit, Failure> {
        match self {
            Self::Check(arguments) => check(&arguments).await,
            Self::Replay(arguments) => {
                let history = History::read(&arguments.history).map_err(Failure::usage)?;
                judge(&history, &arguments.verdicts)
            }
            Self::Play(arguments) => play(&arguments).await,
        }
    }
}

async fn check(arguments: &CheckArguments) -> Result<Exit, Failure> {
    let journal = read_all(&arguments.journal).map_err(Failure::usage)?;
    let sources = arguments.sources().map_err(Failure::usage)?;
    let mut rest = drain(&sources, arguments.standstill.into()).await;
    let observed =
        sources.observe(&journal.operations, &mut rest).await.map_err(Failure::harness)?;
    let history = History::new(journal, observed, rest);
    if let Some(path) = &arguments.history {
        history.write(path).map_err(Failure::harness)?;
    }
    judge(&history, &arguments.verdicts)
}

fn judge(history: &History, verdicts: &Verdicts) -> Result<Exit, Failure> {
    let invariants =
        if verdicts.only.is_empty() { Invariant::ALL.to_vec() } else { verdicts.only.clone() };
    let report = Report::of(history, &invariants);
    if let Some(path) = &verdicts.report {
        write_report(&report, path).map_err(Failure::harness)?;
    }
    print(&table(&report)).map_err(Failure::harness)?;
    Ok(report.exit())
}

async fn play(arguments: &PlayArguments) -> Result<Exit, Failure> {
    let recorder = Recorder::open(&arguments.journal).map_err(Failure::usage)?;
    let settings = arguments.settings();
    let played = workload::play(&settings, &recorder).await.map_err(Failure::harness)?;
    let text = serde_json::to_string(&played).map_err(Failure::harness)?;
    print(&format!("run {} seed {}: {text}\n", settings.run, settings.seed))
        .map_err(Failure::harness)?;
    Ok(Exit::Held)
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write to standard output")
}

fn write_report(report: &Report, path: &PathBuf) -> anyhow::Result<()> {
    let text = serde_json::to_vec_pretty(report).context("the report cannot be written as JSON")?;
    std::fs::write(path, text)
        .with_context(|| format!("cannot write the report {}", path.display()))
}
