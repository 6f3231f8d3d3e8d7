//! A Redis of a test's own: what is cached under the same key elsewhere, and what is done to it here, stays among itself.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::test_support::eventually;
use tempfile::TempDir;

/// Runs a server until standard input, a pipe the test holds, is closed; says its process id first.
const KEEPER: &str =
    r#""$@" </dev/null >/dev/null 2>&1 & echo $!; cat >/dev/null; kill -KILL $! 2>/dev/null"#;

/// A server that ends with the test, however that ends.
pub(crate) struct RedisServer {
    directory: TempDir,
    process: u32,
    _keeper: Child,
}

impl RedisServer {
    pub(crate) async fn start() -> Result<Self> {
        let directory = TempDir::new()?;
        let socket = directory.path().join("redis.sock");
        let mut keeper = Command::new("/bin/sh")
            .args([
                "-c",
                KEEPER,
                "keeper",
                "redis-server",
                "--port",
                "0",
                "--save",
                "",
                "--unixsocket",
            ])
            .arg(&socket)
            .arg("--dir")
            .arg(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = keeper.stdout.take().context("the keeper has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let process = line.trim().parse()?;
        let server = Self { directory, process, _keeper: keeper };
        eventually(|| async { server.ask::<String>(&["PING"]).await })
            .await
            .context("redis-server is not there; install it with: apt-get install redis-server")?;
        Ok(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}/redis.sock", self.directory.path().display())
    }

    /// Answers nothing any more, but takes connections and requests.
    pub(crate) fn hang(&self) -> Result<()> {
        self.signal("-STOP")
    }

    /// Is gone.
    pub(crate) fn kill(&self) -> Result<()> {
        self.signal("-KILL")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let sent = Command::new("kill").args([signal, &self.process.to_string()]).status()?;
        ensure!(sent.success(), "the server is not there any more");
        Ok(())
    }

    /// The commands it carried out meanwhile, by name.
    pub(crate) async fn count<T, Fut>(&self, work: Fut) -> Result<(T, BTreeMap<String, u64>)>
    where
        Fut: Future<Output = Result<T>>,
    {
        let mut connection = self.connect().await?;
        redis::cmd("CONFIG").arg("RESETSTAT").exec_async(&mut connection).await?;
        let outcome = work.await?;
        let statistics: String =
            redis::cmd("INFO").arg("commandstats").query_async(&mut connection).await?;
        Ok((outcome, statistics.lines().filter_map(command).collect()))
    }

    pub(crate) async fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> Result<T> {
        let mut connection = self.connect().await?;
        let mut request = redis::Cmd::new();
        for part in command {
            request.arg(*part);
        }
        Ok(request.query_async(&mut connection).await?)
    }

    async fn connect(&self) -> Result<redis::aio::MultiplexedConnection> {
        Ok(redis::Client::open(self.url())?.get_multiplexed_async_connection().await?)
    }
}

/// `cmdstat_get:calls=10,usec=…`; not what counting itself takes.
fn command(line: &str) -> Option<(String, u64)> {
    let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
    let calls = rest.split(',').next()?.parse().ok()?;
    (!name.starts_with("config") && name != "info").then(|| (name.to_owned(), calls))
}
