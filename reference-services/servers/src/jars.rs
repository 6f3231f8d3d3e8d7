//! The jars of Kafka, fetched by Maven from the same list of versions and into the same cache as the cluster's image.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use crate::programs;

/// Pins the versions; nothing is compiled.
const POM: &str = "deploy/embedded/images/kafka/pom.xml";

/// The folder with Kafka's jars, fetched when they are not there or the list is newer.
pub(crate) fn fetch() -> anyhow::Result<PathBuf> {
    let pom = programs::repository().join(POM);
    let folder = programs::cache()?.join("downloads/maven/kafka");
    let complete = folder.with_extension("complete");
    if is_newer(&complete, &pom) {
        return Ok(folder);
    }
    let done = Command::new(programs::on_path("mvn", "maven")?)
        .args(["--batch-mode", "--quiet", "dependency:copy-dependencies", "-f"])
        .arg(&pom)
        .arg(format!("-DoutputDirectory={}", folder.display()))
        .output()
        .context("cannot start mvn")?;
    let said = String::from_utf8_lossy(&done.stdout);
    ensure!(done.status.success(), "the jars of Kafka were not fetched: {}", said.trim());
    // Classes as they were archived from the jars before.
    fs::remove_file(folder.with_extension("jsa")).ok();
    fs::write(&complete, "").with_context(|| format!("cannot write {}", complete.display()))?;
    Ok(folder)
}

fn is_newer(made: &Path, source: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    matches!((time(made), time(source)), (Some(made), Some(source)) if made >= source)
}
