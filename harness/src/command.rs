//! The commands of the `conformance` program.

mod doctor;
mod list;
mod output;
mod run;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use crate::arguments::{Repository, RunArguments, profile_of};
use crate::cluster::{Cluster, ContextChoice};
use crate::profile::Profile;
use crate::report::compare::compare;
use crate::report::terminal::{Style, summary};
use crate::report::{Folder, Report, read};
use crate::sweep::sweep_dead;
use crate::timeouts::Timeouts;
use crate::verdict::Exit;
use output::{print, print_json};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What this machine and this cluster have and lack.
    Doctor(ClusterQuestion),
    /// Every scenario, with what it shows and what it needs.
    List(ListArguments),
    /// Run the features.
    Run(RunArguments),
    /// Run the negative controls: sabotage, see red, heal, see green.
    Prove(ProveArguments),
    /// Where the last report is, and what it said.
    Report(ReportArguments),
    /// What differs between two runs, beside what changed in the platform.
    Compare(CompareArguments),
    /// Take away what dead runs left in the cluster.
    Sweep(SweepArguments),
}

/// How to answer.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// A question about a cluster.
#[derive(Debug, Args)]
pub struct ClusterQuestion {
    #[command(flatten)]
    context: ContextChoice,
    /// Which declaration says where the platform's interfaces are.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// How to answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Which scenarios to list.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// Only scenarios whose tags satisfy this expression.
    #[arg(long, value_name = "EXPRESSION")]
    tags: Option<String>,
    /// How to answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Which controls to prove.
#[derive(Debug, Args)]
pub struct ProveArguments {
    /// One control by its id [default: all of them].
    control: Option<String>,
    #[command(flatten)]
    context: ContextChoice,
    /// What the cluster is declared to have and to lack.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

/// Which report to show.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// A run, `latest` or `latest-prove` [default: latest].
    run: Option<String>,
    /// How to answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Which runs to compare.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// The earlier one: a run, or a path to its report.json.
    before: String,
    /// The later one [default: the latest].
    after: Option<String>,
    /// How to answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What to sweep.
#[derive(Debug, Args)]
pub struct SweepArguments {
    #[command(flatten)]
    context: ContextChoice,
    /// Which declaration says where the platform's interfaces are.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Say what would go, and leave it.
    #[arg(long)]
    dry_run: bool,
}

/// Why a command did not do its work, and the exit code of that class.
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

type Done = Result<ExitCode, Failure>;

impl Command {
    /// Does it.
    pub async fn run(self) -> Done {
        match self {
            Self::Doctor(question) => doctor::doctor(&question).await,
            Self::List(arguments) => list::list(&arguments),
            Self::Run(arguments) => run::run(&arguments),
            Self::Prove(arguments) => run::prove(&arguments),
            Self::Report(arguments) => report(&arguments),
            Self::Compare(arguments) => comparison(&arguments),
            Self::Sweep(arguments) => sweep(&arguments).await,
        }
    }
}

/// The cluster, with its platform's interfaces where the profile says they are.
async fn connect(context: &ContextChoice, profile: Option<&str>) -> Result<Cluster, Failure> {
    let features = Repository::find().map_err(Failure::usage)?.features();
    let profile = Profile::read(&features, profile_of(context, profile)).map_err(Failure::usage)?;
    let cluster = Cluster::connect(context, &Timeouts::standard()).await.map_err(Failure::usage)?;
    Ok(cluster.with_interfaces(profile.interfaces().clone()))
}

fn folder() -> Result<Folder, Failure> {
    Ok(Folder::of(Repository::find().map_err(Failure::usage)?.root()))
}

fn report(arguments: &ReportArguments) -> Done {
    let (folder, run) = (folder()?, arguments.run.as_deref().unwrap_or("latest"));
    let report = folder.read(run).map_err(Failure::usage)?;
    match arguments.format {
        Format::Json => print_json(&report)?,
        Format::Text => {
            if !report.not_shown.is_empty() {
                print(&format!("{}\n", report.not_shown))?;
            }
            print(&summary(
                &report,
                &folder.path(run, "report.html").display().to_string(),
                Style::detect(),
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Exit code 1 says that something that was fine is not any more.
fn comparison(arguments: &CompareArguments) -> Done {
    let before = named(&arguments.before)?;
    let after = named(arguments.after.as_deref().unwrap_or("latest"))?;
    let difference = compare(&before, &after);
    match arguments.format {
        Format::Json => print_json(&difference)?,
        Format::Text => print(&difference.lines())?,
    }
    Ok(if difference.is_worse() { Exit::Failed.into() } else { ExitCode::SUCCESS })
}

/// A run by its name, or a report by its path.
fn named(name: &str) -> Result<Report, Failure> {
    if Path::new(name).extension().is_some_and(|extension| extension == "json") {
        return read(&PathBuf::from(name)).map_err(Failure::usage);
    }
    folder()?.read(name).map_err(Failure::usage)
}

async fn sweep(arguments: &SweepArguments) -> Done {
    let cluster = connect(&arguments.context, arguments.profile.as_deref()).await?;
    let leftovers = sweep_dead(&cluster, arguments.dry_run).await.map_err(Failure::harness)?;
    for leftover in &leftovers {
        print(&format!("{}  {}\n", leftover.run, leftover.what))?;
    }
    let verb = if arguments.dry_run { "would be taken away" } else { "taken away" };
    print(&format!("{} {verb}\n", leftovers.len()))?;
    Ok(ExitCode::SUCCESS)
}
