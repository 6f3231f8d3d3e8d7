//! A Redis of a test's own: what is cached under the same key elsewhere, and what is done to it here, stays among itself.

use std::collections::BTreeMap;

use anyhow::Result;
use ecotrack_chassis::test_support::eventually;
use ecotrack_servers::{
    process::{Process, Program, Signal},
    programs,
};
use tempfile::TempDir;

/// A server that ends with the test, however that ends.
pub(crate) struct RedisServer {
    process: Process,
    directory: TempDir,
}

impl RedisServer {
    pub(crate) async fn start() -> Result<Self> {
        let directory = TempDir::new()?;
        let file = |name: &str| directory.path().join(name).display().to_string();
        let program = programs::on_path("redis-server", "redis-server")?;
        let process = Program::new(program, file("log"))
            .args(["--port", "0", "--save", "", "--unixsocket", &file("redis.sock")])
            .start()?;
        let server = Self { process, directory };
        eventually(|| async { server.ask::<String>(&["PING"]).await }).await?;
        Ok(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}/redis.sock", self.directory.path().display())
    }

    /// Answers nothing any more, but takes connections and requests.
    pub(crate) fn hang(&self) -> Result<()> {
        self.process.signal(Signal::SIGSTOP)
    }

    /// Is gone.
    pub(crate) fn kill(&self) -> Result<()> {
        self.process.signal(Signal::SIGKILL)
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
