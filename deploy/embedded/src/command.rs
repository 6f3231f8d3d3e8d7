//! Programs run to their end: output captured, failures told with the command and its last words.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

const LAST_WORDS: usize = 12;

/// Runs `program` with `args` and answers what it wrote to standard output.
///
/// # Errors
/// When the program cannot be started or ends with a failure; the error carries the end of what it wrote.
pub fn run<S: AsRef<std::ffi::OsStr>>(program: impl AsRef<Path>, args: &[S]) -> Result<String> {
    let mut command = Command::new(program.as_ref());
    command.args(args);
    output(&mut command)
}

/// Runs a prepared command and answers what it wrote to standard output.
///
/// # Errors
/// As [`run`].
pub fn output(command: &mut Command) -> Result<String> {
    let done = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    judged(command, &done)
}

/// Runs a prepared command with `input` as its standard input.
///
/// # Errors
/// As [`run`].
pub fn with_input(command: &mut Command, input: &[u8]) -> Result<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    let mut stdin = child.stdin.take().context("no standard input of a child")?;
    // A program that ends early closes its input; its exit status tells more than the broken pipe.
    let written = stdin.write_all(input);
    drop(stdin);
    let done =
        child.wait_with_output().with_context(|| format!("cannot wait for {}", shown(command)))?;
    let answer = judged(command, &done)?;
    written.with_context(|| format!("cannot write to {}", shown(command)))?;
    Ok(answer)
}

fn judged(command: &Command, done: &Output) -> Result<String> {
    if !done.status.success() {
        bail!("{} failed ({}): {}", shown(command), done.status, last_words(done));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let args = command.get_args().map(|arg| arg.to_string_lossy().into_owned());
    std::iter::once(name).chain(args).collect::<Vec<_>>().join(" ")
}

fn last_words(done: &Output) -> String {
    let text = if done.stderr.is_empty() { &done.stdout } else { &done.stderr };
    tail(&String::from_utf8_lossy(text))
}

/// The last lines of a text, for an error message.
#[must_use]
pub fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LAST_WORDS)..].join("\n  ")
}
