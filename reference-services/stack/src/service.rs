//! A service as a process: started, killed, paused, started again on the same port.

use std::{
    path::PathBuf,
    process::ExitStatus,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow, bail, ensure};
use ecotrack_servers::{
    patience::eventually,
    process::{Process, Program},
};
use nix::sys::signal::Signal;
use url::Url;

use crate::{name::Name, secrets::Mount};

/// Longest a service may take from its start to readiness.
const READY_DEADLINE: Duration = Duration::from_secs(30);
/// Longest a service that was told to stop may take.
const END_DEADLINE: Duration = Duration::from_secs(30);
/// Longest one look at its readiness may take: a process that dies meanwhile may leave it without an answer.
const LOOK_WITHIN: Duration = Duration::from_secs(10);
const READINESS: &str = "/actuator/health/readiness";

/// One service.
#[derive(Debug)]
pub struct Service {
    name: Name,
    base: Url,
    program: Mutex<Program>,
    process: Mutex<Option<Process>>,
    credentials: Mount,
    http: reqwest::Client,
}

impl Service {
    pub(crate) fn new(
        name: Name,
        base: Url,
        program: Program,
        credentials: Mount,
        http: reqwest::Client,
    ) -> Self {
        let (program, process) = (Mutex::new(program), Mutex::default());
        Self { name, base, program, process, credentials, http }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> Name {
        self.name
    }

    /// Its address.
    #[must_use]
    pub const fn base(&self) -> &Url {
        &self.base
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        locked(&self.program).log.clone()
    }

    /// Id of its process. An error if it was never started.
    pub fn process_id(&self) -> anyhow::Result<u32> {
        let process = locked(&self.process);
        let id = process.as_ref().map(Process::id);
        id.with_context(|| format!("{} does not run", self.name))
    }

    /// Sets a variable for its next start; an empty value takes it away.
    pub fn set_variable(&self, key: &str, value: &str) {
        let mut program = locked(&self.program);
        program.variables.retain(|(known, _)| known != key);
        if !value.is_empty() {
            program.variables.push((key.to_owned(), value.to_owned()));
        }
    }

    /// Takes another binary at its next start.
    pub fn set_binary(&self, path: PathBuf) {
        locked(&self.program).path = path;
    }

    /// Starts it; it need not be ready yet. An error if it runs already.
    pub fn start(&self) -> anyhow::Result<()> {
        let mut process = locked(&self.process);
        if let Some(running) = process.as_mut() {
            ensure!(running.ended()?.is_some(), "{} runs already", self.name);
        }
        *process = Some(locked(&self.program).start()?);
        Ok(())
    }

    /// Kills it as `kill -9` does and waits until it is gone. An error if it had ended by itself: nobody would hear of that later.
    pub fn kill(&self) -> anyhow::Result<()> {
        if let Some(status) = self.ended()? {
            bail!("{} ended by itself, {status}: see {}", self.name, self.log().display());
        }
        self.reap()
    }

    /// Kills it if it still runs.
    pub fn reap(&self) -> anyhow::Result<()> {
        if let Some(process) = locked(&self.process).as_mut() {
            process.end_by(Signal::SIGKILL)?;
        }
        Ok(())
    }

    /// Tells it to stop as a deployment does and says how it ended.
    pub async fn stop(&self) -> anyhow::Result<ExitStatus> {
        self.signal(Signal::SIGTERM)?;
        self.await_end(END_DEADLINE).await
    }

    /// Stops its clock: it neither answers nor goes away.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets it go on after [`Service::pause`].
    pub fn resume(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> anyhow::Result<Option<ExitStatus>> {
        locked(&self.process).as_mut().context("it was never started")?.ended()
    }

    /// Waits until it has ended by itself.
    pub async fn await_end(&self, deadline: Duration) -> anyhow::Result<ExitStatus> {
        eventually(deadline, || async { self.ended()?.context("it still runs") })
            .await
            .with_context(|| format!("{} does not end", self.name))
    }

    /// Waits until it says that it can serve. Says how long that took.
    pub async fn await_ready(&self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let ready = eventually(READY_DEADLINE, || async {
            match self.ended()? {
                // No use in looking on.
                Some(status) => Ok(Err(anyhow!("it ended: {status}"))),
                None => self.look().await.map(Ok),
            }
        });
        ready
            .await
            .and_then(|seen| seen)
            .with_context(|| format!("{} is not ready, see {}", self.name, self.log().display()))?;
        Ok(began.elapsed())
    }

    /// Mounts another database login, as a rotation does.
    pub(crate) fn mount_login(
        &self,
        (username, password): &(String, String),
    ) -> anyhow::Result<()> {
        self.credentials.put(&[("username", username), ("password", password)])
    }

    async fn look(&self) -> anyhow::Result<()> {
        let ask = self.http.get(self.base.join(READINESS)?).timeout(LOOK_WITHIN);
        let answer = ask.send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "{status}: {}", answer.text().await?);
        Ok(())
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let process = locked(&self.process);
        process.as_ref().with_context(|| format!("{} does not run", self.name))?.signal(signal)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn service(folder: &TempDir, program: &str) -> Service {
        let program = Program::new(program, folder.path().join("log"));
        let mount = Mount::at(folder.path().join("mount"));
        let base = Url::parse("http://127.0.0.1:1").unwrap();
        Service::new(Name::UserService, base, program, mount, reqwest::Client::new())
    }

    #[tokio::test]
    async fn who_ended_by_itself_cannot_be_killed_any_more() {
        let folder = TempDir::new().unwrap();
        let service = service(&folder, "false");
        service.start().unwrap();
        service.await_end(END_DEADLINE).await.unwrap();
        assert!(service.kill().unwrap_err().to_string().contains("ended by itself"));
        service.reap().unwrap();
    }
}
