//! `servers`: runs a command beside PostgreSQL, Redis and Kafka, which its tests find by their environment and share.

mod command;

use std::{ffi::OsString, io::Write as _, process::ExitCode};

use clap::Parser;

/// Runs a command beside PostgreSQL, Redis and Kafka for tests; ends them with it, however it ends.
#[derive(Debug, Parser)]
#[command(name = "servers", version, about)]
struct Cli {
    /// The command with its arguments, for example `cargo test`.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

// On the main thread, which lives as long as the program: the command is told to end when the thread that started it does.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    command::run(&Cli::parse().command).await.unwrap_or_else(|error| {
        // A closed standard error leaves nobody to tell; the exit code still does.
        writeln!(std::io::stderr(), "servers: {error:#}").ok();
        ExitCode::from(2)
    })
}
