//! `conformance`: what is there, what can be shown, what was shown, and what is left behind.

use std::process::ExitCode;

use clap::Parser;
use conformance::command::{Command, Failure};

/// Proves that an internal developer platform does what it promises to the services that run on it.
#[derive(Parser)]
#[command(name = "conformance", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_unset| "error,kube_client=off,conformance=warn".into());
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).init();
    match arguments.command.run().await {
        Ok(code) => code,
        Err(failure) => complain(&failure),
    }
}

#[expect(clippy::print_stderr, reason = "errors of a command line program belong there")]
fn complain(failure: &Failure) -> ExitCode {
    eprintln!("error: {:#}", failure.error);
    failure.exit.into()
}
