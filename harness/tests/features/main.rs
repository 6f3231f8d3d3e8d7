//! Runs the features against a cluster: `cargo test --test features -- --context NAME`.
//!
//! Exit codes: 0 success, 1 failed, 2 usage or configuration, 3 partial, 4 harness error, 5 time ran out, 130 interrupted.

mod collector;
mod execute;
mod hooks;
mod parser;
mod prove;
mod run;
mod steps;
mod world;

use std::process::ExitCode;

use clap::Parser;
use conformance::arguments::RunArguments;
use conformance::verdict::Exit;

/// Proves, scenario by scenario, that the platform does what it promises.
#[derive(Parser)]
#[command(name = "features", disable_version_flag = true)]
struct Arguments {
    #[command(flatten)]
    run: RunArguments,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_unset| "error,kube_client=off,conformance=warn".into());
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).init();
    match Box::pin(run::run(&arguments.run)).await {
        Ok(exit) => exit.into(),
        Err(stopped) => {
            collector::complain(&stopped);
            ExitCode::from(stopped.exit.code())
        }
    }
}

/// A run that did not get as far as a report.
struct Stopped {
    exit: Exit,
    error: anyhow::Error,
}

impl Stopped {
    /// The command line, a file or the context is wrong.
    fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into() }
    }

    /// The harness failed.
    fn harness(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Harness, error: error.into() }
    }
}
