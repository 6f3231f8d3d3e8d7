//! The fuzzer itself, in a virtual environment of its own in the cache.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use crate::programs;

/// The versions of everything it is made of.
const PINNED: &str = "requirements.txt";
/// Written last.
const COMPLETE: &str = "complete";

/// Where its configuration and hooks lie.
pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The program, installed when it is not there in the pinned versions.
pub(super) fn fetch() -> anyhow::Result<PathBuf> {
    let pinned = folder().join(PINNED);
    let wanted =
        fs::read_to_string(&pinned).with_context(|| format!("cannot read {}", pinned.display()))?;
    let home = programs::cache()?.join("tools/schemathesis");
    let program = home.join("bin/schemathesis");
    if fs::read_to_string(home.join(COMPLETE)).is_ok_and(|installed| installed == wanted) {
        return Ok(program);
    }
    run(Command::new(programs::on_path("python3", "python3-venv")?)
        .args(["-m", "venv", "--clear"])
        .arg(&home))?;
    run(Command::new(home.join("bin/pip"))
        .args(["install", "--quiet", "--requirement"])
        .arg(&pinned))?;
    fs::write(home.join(COMPLETE), wanted).context("cannot note what was installed")?;
    Ok(program)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let done = command.output().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(
        done.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&done.stderr).trim()
    );
    Ok(())
}
