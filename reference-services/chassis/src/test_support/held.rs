//! A server process that ends when this process ends, however it ends.

use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader},
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use nix::unistd::{User, geteuid};

/// Longest a server may take to be ready.
const START_DEADLINE: Duration = Duration::from_mins(1);
/// Runs a server until its standard input, a pipe this process holds, is closed; then ends it and removes its directory.
const KEEPER: &str = r#"dir=$1; shift; exec 3<&0; "$@" </dev/null 2>&1 & cat <&3 >/dev/null; kill -INT $!; wait $!; rm -rf "$dir""#;
/// Who runs servers that refuse to be run by root.
const UNPRIVILEGED: &str = "nobody";

/// A running server.
pub(super) struct Held {
    // Holds the pipe: when it goes, the server goes.
    _keeper: Child,
}

/// Where a server keeps its files, owned by whoever runs it.
pub(super) fn directory() -> anyhow::Result<PathBuf> {
    let dir = tempfile::Builder::new().prefix("ecotrack-test-").tempdir()?.keep();
    if let Some(user) = unprivileged()? {
        chown(&dir, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
    }
    Ok(dir)
}

/// A command that runs unprivileged, also when the tests run as root.
pub(super) fn command(program: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(program);
    if let Some(user) = unprivileged()? {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command.current_dir("/");
    Ok(command)
}

/// Starts a server and waits for the line by which it says that it is ready.
pub(super) fn start(
    program: &Path,
    arguments: &[OsString],
    dir: &Path,
    ready: &'static str,
) -> anyhow::Result<Held> {
    let mut keeper = command(Path::new("/bin/sh"))?
        .args(["-c", KEEPER, "keeper"])
        .arg(dir)
        .arg(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = keeper.stdout.take().context("the server has no output")?;
    let (said, heard) = mpsc::channel();
    // Reads to the end: a server whose output nobody reads would stop.
    std::thread::spawn(move || {
        let mut lines = Vec::new();
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let is_ready = line.contains(ready);
            lines.push(line);
            if is_ready {
                said.send(Ok(())).ok();
            }
        }
        said.send(Err(lines.join("\n"))).ok();
    });
    let name = program.display();
    match heard.recv_timeout(START_DEADLINE) {
        Ok(Ok(())) => Ok(Held { _keeper: keeper }),
        Ok(Err(output)) => anyhow::bail!("{name} ended: {output}"),
        Err(error) => {
            Err(error).with_context(|| format!("{name} was not ready in {START_DEADLINE:?}"))
        }
    }
}

/// A program in one of some directories, or an error that names its package.
pub(super) fn find(name: &str, package: &str, dirs: &[PathBuf]) -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let candidates =
        dirs.iter().cloned().chain(std::env::split_paths(&path)).map(|dir| dir.join(name));
    let found = candidates.into_iter().find(|candidate| candidate.is_file());
    found.with_context(|| {
        format!("{name} is not installed; install it with: apt-get install {package}")
    })
}

/// A port nobody uses right now.
pub(super) fn free_port() -> anyhow::Result<u16> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    ensure!(port != 0, "no free port");
    Ok(port)
}

fn unprivileged() -> anyhow::Result<Option<User>> {
    if geteuid().is_root() { Ok(User::from_name(UNPRIVILEGED)?) } else { Ok(None) }
}
