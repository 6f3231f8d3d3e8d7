//! `embedded`: a real one-node Kubernetes on this machine.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use ecotrack_embedded::cli::Cli;
use ecotrack_embedded::verbs;

fn main() -> ExitCode {
    match verbs::run(Cli::parse().verb) {
        Ok(code) => code,
        Err(error) => {
            // A closed standard error leaves nobody to tell; the exit code still does.
            let _told = writeln!(std::io::stderr(), "embedded: {error:#}");
            ExitCode::FAILURE
        }
    }
}
