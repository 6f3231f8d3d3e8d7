//! The command `servers`, from outside.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use ecotrack_servers::{patience::eventually, programs};

/// Longest that servers whose starter was killed may go on: PostgreSQL ends its children first.
const GONE_WITHIN: Duration = Duration::from_secs(20);

fn servers() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_servers"));
    // This test may itself run beside shared servers.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ECOTRACK_TEST_")) {
        command.env_remove(name);
    }
    command
}

/// What a command said about its surroundings.
struct Surroundings {
    addresses: Vec<String>,
    folder: String,
}

impl Surroundings {
    /// Prints what [`Surroundings::parse`] reads.
    const SCRIPT: &str = r#"echo "$ECOTRACK_TEST_POSTGRES ${ECOTRACK_TEST_REDIS##*@} $ECOTRACK_TEST_KAFKA $(dirname "$(dirname "$ECOTRACK_TEST_CA_FILE")")""#;

    fn parse(line: &str) -> Result<Self> {
        let mut words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        ensure!(words.len() == 4, "the surroundings are not complete: {line}");
        Ok(Self { folder: words.pop().context("no folder")?, addresses: words })
    }

    fn expect_running(&self) -> Result<()> {
        for address in &self.addresses {
            TcpStream::connect(address).with_context(|| format!("nobody listens on {address}"))?;
        }
        ensure!(!self.processes()?.is_empty(), "no process of {} was found", self.folder);
        Ok(())
    }

    fn expect_gone(&self) -> Result<()> {
        for address in &self.addresses {
            ensure!(TcpStream::connect(address).is_err(), "somebody listens on {address}");
        }
        let left = self.processes()?;
        ensure!(left.is_empty(), "processes are left: {left:?}");
        Ok(())
    }

    /// Command lines that name the folder of the run.
    fn processes(&self) -> Result<Vec<String>> {
        let line = |entry: fs::DirEntry| {
            let bytes = fs::read(entry.path().join("cmdline")).ok()?;
            Some(String::from_utf8_lossy(&bytes).replace('\0', " "))
        };
        let lines = fs::read_dir("/proc")?.flatten().filter_map(line);
        Ok(lines.filter(|line| line.contains(&self.folder)).collect())
    }
}

#[tokio::test]
async fn a_command_finds_the_servers_and_its_exit_code_comes_back_when_they_are_gone() -> Result<()>
{
    let script = format!("{}; exit 3", Surroundings::SCRIPT);
    let done = servers().args(["--", "sh", "-c", &script]).output()?;
    let said = String::from_utf8(done.stdout)?;
    ensure!(
        done.status.code() == Some(3),
        "{}: {}",
        done.status,
        String::from_utf8_lossy(&done.stderr)
    );
    let surroundings = Surroundings::parse(&said)?;
    surroundings.expect_gone()?;
    ensure!(!Path::new(&surroundings.folder).exists(), "{} is left", surroundings.folder);
    Ok(())
}

#[tokio::test]
async fn nothing_is_left_of_a_run_that_was_killed() -> Result<()> {
    let script = format!("{}; exec sleep 600", Surroundings::SCRIPT);
    let mut run = servers()
        .args(["--", "sh", "-c", &script])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(run.stdout.take().context("no output")?).read_line(&mut line)?;
    let surroundings = Surroundings::parse(&line)?;
    surroundings.expect_running()?;
    run.kill()?;
    run.wait()?;
    eventually(GONE_WITHIN, || async { surroundings.expect_gone() }).await
}

#[test]
fn a_server_that_is_not_installed_is_an_error_that_names_its_package() -> Result<()> {
    let tools = tempfile::tempdir()?;
    let setpriv = programs::on_path("setpriv", "util-linux")?;
    std::os::unix::fs::symlink(setpriv, tools.path().join("setpriv"))?;
    let done = servers().env("PATH", tools.path()).args(["--", "true"]).output()?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.code() == Some(2), "{}: {said}", done.status);
    ensure!(said.contains("apt-get install redis-server"), "{said}");
    Ok(())
}
