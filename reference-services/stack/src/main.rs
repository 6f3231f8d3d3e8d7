//! `stack`: the services as real processes on this machine, and what is proven with them.

mod cli;

use std::{io::Write as _, process::ExitCode};

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(cli::Cli::parse().run()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // A closed standard error leaves nobody to tell; the exit code still does.
            writeln!(std::io::stderr(), "stack: {error:#}").ok();
            ExitCode::from(2)
        }
    }
}
