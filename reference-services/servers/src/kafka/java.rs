//! The virtual machine Kafka runs in: small, and quick to start.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use crate::{jars, process::Program, programs};

const OPTIONS: [&str; 5] = [
    "-Xms64m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    // Without the archive, or with one that does not fit any more, classes come from the jars.
    "-Xshare:auto",
];
const LOG4J: &str = "deploy/embedded/images/kafka/log4j2.yaml";

/// Kafka's classes and how to run them.
pub(super) struct Java {
    path: PathBuf,
    libraries: PathBuf,
    archive: PathBuf,
    log: PathBuf,
}

impl Java {
    /// Fetches the jars where they are not there.
    pub(super) fn prepare(log: &Path) -> anyhow::Result<Self> {
        let path = programs::on_path("java", "default-jre-headless")?;
        let libraries = jars::fetch()?;
        let archive = libraries.with_extension("jsa");
        Ok(Self { path, libraries, archive, log: log.to_owned() })
    }

    /// A class as a program.
    pub(super) fn program(&self, class: &str) -> Program {
        let archive = format!("-XX:SharedArchiveFile={}", self.archive.display());
        self.with_option(&archive, class)
    }

    /// Runs a class to its end. The first time, the classes it used are archived as they are in memory, many of which the broker
    /// uses too: reading them takes a fraction of the time that checking them again takes.
    pub(super) async fn run(&self, class: &str, arguments: &[OsString]) -> anyhow::Result<()> {
        if self.archive.exists() {
            return self.program(class).args(arguments).run().await;
        }
        // Two may do this at once: each moves a whole file into its place.
        let own = self.archive.with_extension(format!("{}.jsa", std::process::id()));
        let archiving = format!("-XX:ArchiveClassesAtExit={}", own.display());
        self.with_option(&archiving, class).args(arguments).run().await?;
        // Without an archive Kafka starts more slowly, and starts.
        fs::rename(&own, &self.archive).ok();
        Ok(())
    }

    fn with_option(&self, option: &str, class: &str) -> Program {
        let logging = programs::repository().join(LOG4J);
        let classes: PathBuf = self.libraries.join("*");
        let mut program = Program::new(&self.path, &self.log)
            .args(OPTIONS)
            .args([option.to_owned(), format!("-Dlog4j2.configurationFile={}", logging.display())])
            .args([OsString::from("-cp"), classes.into_os_string(), class.into()]);
        program.variables.push(("LANG".to_owned(), "C.UTF-8".to_owned()));
        program
    }
}
