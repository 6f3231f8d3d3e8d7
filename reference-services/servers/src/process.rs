//! A process: in a group of its own, logged to a file, gone when this program goes.

use std::{
    ffi::OsString,
    fs::File,
    future::ready,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::Context as _;
use nix::{
    sys::signal::killpg,
    unistd::{Pid, User, geteuid},
};

pub use nix::sys::signal::Signal;

use crate::{patience::eventually, spawner};

/// Sets the parent-death signal of what it then becomes.
pub const SETPRIV: &str = "setpriv";
/// Who runs servers that refuse to be run by root.
const UNPRIVILEGED: &str = "nobody";
/// Longest that a program may take that is run to its end.
const RUN_DEADLINE: Duration = Duration::from_mins(2);

/// What is started, and how.
#[derive(Debug, Clone)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// All of its environment beside `PATH`.
    pub variables: Vec<(String, String)>,
    /// Where its output is appended.
    pub log: PathBuf,
    /// The signal that ends it, ours and the kernel's when this program dies.
    pub end: Signal,
    /// Whether it must not run as root.
    pub unprivileged: bool,
}

/// A running process. It ends when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    end: Signal,
    has_ended: bool,
}

impl Program {
    /// A program without arguments that SIGKILL ends.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            arguments: Vec::new(),
            variables: Vec::new(),
            log: log.into(),
            end: Signal::SIGKILL,
            unprivileged: false,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<T: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Starts it.
    pub fn start(&self) -> anyhow::Result<Process> {
        let child = spawner::spawn(self.command()?)
            .with_context(|| format!("cannot start {}", self.path.display()))?;
        Ok(Process { child, end: self.end, has_ended: false })
    }

    /// Runs it to its end, for which it has two minutes; what it says goes to its log.
    pub async fn run(&self) -> anyhow::Result<()> {
        self.run_within(RUN_DEADLINE).await
    }

    async fn run_within(&self, deadline: Duration) -> anyhow::Result<()> {
        let (path, log) = (self.path.display(), self.log.display());
        let mut process = self.start()?;
        let status = eventually(deadline, || {
            ready(process.ended().and_then(|status| status.context("it has not ended")))
        });
        let status = status.await.with_context(|| format!("{path}, see {log}"))?;
        anyhow::ensure!(status.success(), "{path} failed ({status}), see {log}");
        Ok(())
    }

    fn command(&self) -> anyhow::Result<Command> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("cannot write {}", self.log.display()))?;
        let mut command = Command::new(SETPRIV);
        command.args(["--pdeathsig", self.end.as_str().trim_start_matches("SIG")]);
        if self.unprivileged
            && let Some(user) = unprivileged()?
        {
            command.args(["--reuid", &user.uid.to_string(), "--regid", &user.gid.to_string()]);
            command.arg("--clear-groups");
        }
        command.arg("--").arg(&self.path).args(&self.arguments);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.variables.iter().map(|(key, value)| (key, value)));
        command.current_dir("/").process_group(0).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }
}

impl Process {
    /// Its id, which is its group's too.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        self.has_ended |= status.is_some();
        Ok(status)
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        let status = self.child.wait()?;
        self.has_ended = true;
        Ok(status)
    }

    /// Sends a signal to it and its children.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let group = Pid::from_raw(i32::try_from(self.id())?);
        killpg(group, signal).with_context(|| format!("cannot send {signal} to group {group}"))
    }

    /// Sends a signal and waits for the end.
    pub fn end_by(&mut self, signal: Signal) -> anyhow::Result<ExitStatus> {
        if let Some(status) = self.ended()? {
            return Ok(status);
        }
        self.signal(signal)?;
        self.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.has_ended {
            // A stopped process hears nothing but SIGKILL until it goes on.
            self.signal(Signal::SIGCONT).ok();
            self.end_by(self.end).ok();
        }
    }
}

/// Whom to be instead of root; nobody in particular when this is not run by root.
pub fn unprivileged() -> anyhow::Result<Option<User>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    User::from_name(UNPRIVILEGED)?.with_context(|| format!("no user {UNPRIVILEGED}")).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(dir: &tempfile::TempDir) -> Program {
        Program::new("/bin/sleep", dir.path().join("log")).args(["600"])
    }

    #[test]
    fn a_process_ends_when_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let process = sleeper(&dir).start().unwrap();
        let folder = PathBuf::from(format!("/proc/{}", process.id()));
        assert!(folder.exists());
        drop(process);
        assert!(!folder.exists());
    }

    #[test]
    fn a_paused_process_ends_too() {
        let dir = tempfile::tempdir().unwrap();
        // Not SIGINT: whoever is started in the background of a shell ignores it.
        let program = Program { end: Signal::SIGTERM, ..sleeper(&dir) };
        let process = program.start().unwrap();
        process.signal(Signal::SIGSTOP).unwrap();
        let folder = PathBuf::from(format!("/proc/{}", process.id()));
        drop(process);
        assert!(!folder.exists());
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_in_time_is_ended_and_named() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().display().to_string();
        let program = Program::new("/bin/sh", dir.path().join("log"))
            .args(["-c", &format!("echo $$ > {folder}/id; exec sleep 600")]);
        let error = program.run_within(Duration::from_millis(200)).await.unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("/bin/sh") && error.contains("not within 200ms"), "{error}");
        let id = std::fs::read_to_string(dir.path().join("id")).unwrap();
        assert!(!PathBuf::from(format!("/proc/{}", id.trim())).exists());
    }

    #[tokio::test]
    async fn a_failure_names_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let program = Program::new("/bin/sh", dir.path().join("log")).args(["-c", "exit 3"]);
        let error = program.run().await.unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("log"), "{error}");
    }
}
