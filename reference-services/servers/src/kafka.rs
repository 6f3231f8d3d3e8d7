//! Kafka: one node, broker and controller in one.
//!
//! Services come in by SASL and TLS as on the platform. Tools that watch, and tests, come in by a second listener, plain, on
//! loopback.

mod java;
mod properties;
mod topics;

use std::{ffi::OsString, fs, path::Path, time::Duration};

use anyhow::Context as _;
use nix::sys::signal::Signal;

use crate::{
    Access, Certificates, RunFolder, new_password, patience::eventually, ports, process::Process,
};
use java::Java;
use properties::properties;

pub use topics::{PARTITIONS, Topics};

const START_DEADLINE: Duration = Duration::from_mins(2);
const CLUSTER: &str = "4L6g3nShTzeMCtKzzX86sw";

/// A running Kafka.
#[derive(Debug)]
pub struct Kafka {
    secured: u16,
    plain: u16,
    password: String,
    process: Process,
}

impl Kafka {
    /// Starts it, on the platform with its topics. `users` are those who may log in.
    pub async fn start(
        run: &RunFolder,
        certificates: &Certificates,
        access: Access,
        users: &[&str],
    ) -> anyhow::Result<Self> {
        let (folder, log) = (run.folder("kafka")?, run.folder("log")?.join("kafka.log"));
        let (secured, plain, controller) = (ports::free()?, ports::free()?, ports::free()?);
        let password = new_password();
        let file = folder.join("server.properties");
        fs::write(&file, properties(&folder, certificates, access, [secured, plain, controller]))?;
        let said = log.clone();
        let arguments = format_arguments(&file, users, &password);
        let java = tokio::task::spawn_blocking(move || Java::prepare(&said)).await??;
        java.run("kafka.tools.StorageTool", &arguments).await?;
        let process = java.program("kafka.Kafka").args([&file]).start()?;
        let kafka = Self { secured, plain, password, process };
        kafka
            .await_usable(access)
            .await
            .with_context(|| format!("Kafka is not usable, see {}", log.display()))?;
        Ok(kafka)
    }

    /// Address for services.
    #[must_use]
    pub fn secured(&self) -> String {
        format!("127.0.0.1:{}", self.secured)
    }

    /// Address for tools that watch: no TLS, no login.
    #[must_use]
    pub fn plain(&self) -> String {
        format!("127.0.0.1:{}", self.plain)
    }

    /// Stops its clock: it neither answers nor goes away.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.process.signal(Signal::SIGSTOP)
    }

    /// Lets it go on after [`Kafka::pause`].
    pub fn resume(&self) -> anyhow::Result<()> {
        self.process.signal(Signal::SIGCONT)
    }

    /// The users' password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// It is usable when it makes topics.
    async fn await_usable(&self, access: Access) -> anyhow::Result<()> {
        let topics = Topics::at(&self.plain())?;
        let names = match access {
            Access::Platform => Topics::of_platform(""),
            Access::Open => vec!["usable".to_owned()],
        };
        eventually(START_DEADLINE, || topics.make(&names)).await
    }
}

fn format_arguments(file: &Path, users: &[&str], password: &str) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        ["format", "--standalone", "--cluster-id", CLUSTER, "--config"].map(Into::into).into();
    arguments.push(file.into());
    for user in users {
        let login = format!("SCRAM-SHA-512=[name={user},password={password}]");
        arguments.extend(["--add-scram".into(), login.into()]);
    }
    arguments
}
