//! Load on the platform, made inside the cluster and judged by what Prometheus saw.
//!
//! `run` puts a Job into the cluster and follows it; `attack` is what that Job does; `ask` is a single request,
//! used by `helm test`. Exit code: 0 objectives met, 1 violated, 2 wrong usage, 4 the test itself failed.

mod ask;
mod attack;
mod buyer;
mod common;
mod driver;
mod parcel;
mod shopper;
mod slo;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The load test could not be carried out, so nothing is known about the objectives.
const FAILED: u8 = 4;

#[derive(Parser)]
#[command(
    about = "Load on the platform, made inside the cluster and judged by what Prometheus saw"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the load as a Job in the cluster, fetch its report, judge the objectives.
    Run(driver::Options),
    /// Make the load from here and judge the objectives; what the Job runs.
    Attack(attack::Options),
    /// Ask one address until it answers 200, or fail.
    Ask(ask::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(options) => driver::run(&options).await,
        Command::Attack(options) => Box::pin(attack::run(&options)).await,
        Command::Ask(options) => ask::run(&options).await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Standard error gone means nobody listens; the exit code still tells.
            drop(writeln!(std::io::stderr(), "error: {error:#}"));
            ExitCode::from(FAILED)
        }
    }
}
