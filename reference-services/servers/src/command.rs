//! One command beside the servers.

use std::{
    ffi::OsString,
    io::Write as _,
    os::unix::process::ExitStatusExt as _,
    process::{ExitCode, ExitStatus},
    time::Instant,
};

use anyhow::Context as _;
use ecotrack_servers::{Shared, process::SETPRIV};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    process::Command,
    signal::unix::{SignalKind, signal},
};

/// What shells add to the number of a signal that ended a command.
const BY_SIGNAL: i32 = 128;

/// Starts the servers, runs the command and passes its exit code on. The command ends when this program does, and so do they.
pub(crate) async fn run(command: &[OsString]) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    let servers = Shared::start().await.context("the servers of the tests were not started")?;
    let seconds = began.elapsed().as_secs_f64();
    writeln!(
        std::io::stderr(),
        "servers: PostgreSQL, Redis and Kafka are up after {seconds:.1} s"
    )?;
    let mut child = Command::new(SETPRIV)
        .args(["--pdeathsig", "TERM", "--"])
        .args(command)
        .envs(servers.addresses().variables())
        .spawn()
        .context("cannot start the command")?;
    let status = tokio::select! {
        status = child.wait() => status?,
        told = told_to_end() => {
            told?;
            if let Some(id) = child.id() {
                kill(Pid::from_raw(i32::try_from(id)?), Signal::SIGTERM)?;
            }
            child.wait().await?
        }
    };
    Ok(exit_code(status))
}

async fn told_to_end() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| Some(BY_SIGNAL + status.signal()?));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}
