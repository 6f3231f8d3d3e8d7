//! `invariants`: holds what clients were told against what the world says.

use std::process::ExitCode;

use clap::Parser;
use ecotrack_invariants::command::{Command, Failure};

/// Proves that a system kept its promises: client journals against PostgreSQL, Kafka and the provider's ledger.
///
/// Exit codes: 0 everything holds, 1 something does not (or nothing was observed, or no rest was reached), 2 usage, 3 nothing is
/// wrong but not everything could be judged, 4 a source did not answer.
#[derive(Parser)]
#[command(name = "invariants", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_unset| "error".into());
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).init();
    match arguments.command.run().await {
        Ok(exit) => exit.into(),
        Err(failure) => complain(&failure),
    }
}

#[expect(clippy::print_stderr, reason = "errors of a command line program belong there")]
fn complain(failure: &Failure) -> ExitCode {
    eprintln!("error: {:#}", failure.error);
    failure.exit.into()
}
