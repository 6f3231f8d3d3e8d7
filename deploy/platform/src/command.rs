//! Other programs: run with a deadline, heard in full when they fail.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Child;

/// Any single call of kubectl, helm or go that takes longer hangs.
const DEADLINE: Duration = Duration::from_mins(3);

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It could not be started.
    #[error("{} cannot be started; is it installed and on PATH?", program.display())]
    Start {
        /// Its path.
        program: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Talking to it failed.
    #[error("`{command}` was cut off")]
    Talk {
        /// The command line.
        command: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It ended with an error.
    #[error("`{command}` failed ({status}): {stderr}")]
    Failed {
        /// The command line.
        command: String,
        /// Its exit status.
        status: std::process::ExitStatus,
        /// What it said.
        stderr: String,
    },
    /// It did not end.
    #[error("`{command}` did not end within {} s", after.as_secs())]
    Deadline {
        /// The command line.
        command: String,
        /// The deadline.
        after: Duration,
    },
}

/// What kubectl says of an API server that is too busy to answer, or just starting. It has no exit status of its own for that.
const TRANSIENT: [&str; 12] = [
    "Client.Timeout",
    "TLS handshake timeout",
    "connection refused",
    "connection reset by peer",
    "context deadline exceeded",
    "could not be completed at this time",
    "etcdserver: leader changed",
    "etcdserver: request timed out",
    "i/o timeout",
    "the server is currently unable to handle the request",
    "the server was unable to return a response in the time allotted",
    "unexpected EOF",
];
/// How often such a server is asked. kubectl itself waits 32 s for it each time.
const TRIES: u32 = 4;
const BEFORE_NEXT_TRY: Duration = Duration::from_secs(1);

impl CommandError {
    /// Whether the same call may succeed a moment later.
    fn is_transient(&self) -> bool {
        match self {
            Self::Failed { stderr, .. } => TRANSIENT.iter().any(|sign| stderr.contains(sign)),
            Self::Start { .. } | Self::Talk { .. } | Self::Deadline { .. } => false,
        }
    }
}

/// One call of a program.
#[derive(Clone)]
pub(crate) struct Call {
    program: PathBuf,
    arguments: Vec<String>,
    folder: Option<PathBuf>,
    input: Option<Vec<u8>>,
}

impl Call {
    pub(crate) fn new(program: &Path) -> Self {
        Self { program: program.to_owned(), arguments: Vec::new(), folder: None, input: None }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_string_lossy().into_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// The folder it runs in.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// What it reads from standard input; never shown.
    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// Runs it and answers with what it printed.
    pub(crate) async fn run(self) -> Result<String, CommandError> {
        let command = format!("{} {}", self.program.display(), self.arguments.join(" "));
        let child = self.start()?;
        let talk = tokio::time::timeout(DEADLINE, talk(child, self.input));
        let output = match talk.await {
            Err(_elapsed) => return Err(CommandError::Deadline { command, after: DEADLINE }),
            Ok(Err(source)) => return Err(CommandError::Talk { command, source }),
            Ok(Ok(output)) => output,
        };
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(CommandError::Failed { command, status: output.status, stderr })
    }

    /// Runs it, and again when the API server was too busy to answer, as one is that just learnt hundreds of definitions on a machine
    /// that compiles. For calls that may be repeated.
    pub(crate) async fn run_patiently(self) -> Result<String, CommandError> {
        for _ in 1..TRIES {
            match self.clone().run().await {
                Err(error) if error.is_transient() => {
                    // Whoever reads no standard error misses what is tried again.
                    writeln!(std::io::stderr(), "trying again: {error}").ok();
                    tokio::time::sleep(BEFORE_NEXT_TRY).await;
                }
                done => return done,
            }
        }
        self.run().await
    }

    fn start(&self) -> Result<Child, CommandError> {
        let mut command = tokio::process::Command::new(&self.program);
        command
            .args(&self.arguments)
            .kill_on_drop(true)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
            .spawn()
            .map_err(|source| CommandError::Start { program: self.program.clone(), source })
    }
}

/// Writes and reads at the same time: neither side may wait for the other.
async fn talk(mut child: Child, input: Option<Vec<u8>>) -> std::io::Result<std::process::Output> {
    let stdin = child.stdin.take();
    let write = async move {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            match stdin.write_all(&input).await {
                // It ended without reading to the end: its exit status tells why.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                other => other?,
            }
        }
        Ok(())
    };
    let (written, output) = tokio::join!(write, child.wait_with_output());
    written.and(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_is_given_its_input_and_heard() {
        let heard = Call::new(Path::new("cat")).input("good").run().await.unwrap();
        assert_eq!(heard, "good");
    }

    #[tokio::test]
    async fn a_failure_carries_the_command_and_what_it_said() {
        let error = Call::new(Path::new("sh"))
            .args(["-c", "echo no such thing >&2; exit 3"])
            .run()
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("no such thing") && text.contains("exit status: 3"), "{text}");
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let error = Call::new(Path::new("no-such-program")).run().await.unwrap_err();
        assert!(error.to_string().starts_with("no-such-program cannot be started"), "{error}");
    }

    /// Fails at its first call with `said`, and counts its calls in `folder`.
    async fn call_twice(folder: &Path, said: &str) -> (Result<String, CommandError>, usize) {
        let calls = folder.join("calls");
        let script =
            r#"echo call >> "$0"; [ "$(wc -l < "$0")" -gt 1 ] || { echo "$1" >&2; exit 1; }"#;
        let call = Call::new(Path::new("sh")).args(["-c", script]).arg(&calls).arg(said);
        let outcome = call.run_patiently().await;
        (outcome, std::fs::read_to_string(calls).unwrap().lines().count())
    }

    #[tokio::test]
    async fn an_api_server_that_was_too_busy_once_is_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let said = "net/http: request canceled (Client.Timeout or context cancellation)";
        let (outcome, calls) = call_twice(folder.path(), said).await;
        assert!(outcome.is_ok() && calls == 2, "{outcome:?} after {calls}");
    }

    #[tokio::test]
    async fn what_the_api_server_refuses_is_not_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let (outcome, calls) = call_twice(folder.path(), "unknown field spec.contaners").await;
        assert!(outcome.is_err() && calls == 1, "{outcome:?} after {calls}");
    }
}
