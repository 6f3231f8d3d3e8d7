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

/// What it is told: how to judge, and how to make valid requests be about something.
const INSTRUCTIONS: [&str; 2] = ["schemathesis.toml", "hooks.py"];

/// Where its instructions lie.
fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// Makes the folder it runs in. What it remembers it keeps where it runs, so that is no source folder.
pub(super) fn workplace(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for name in INSTRUCTIONS {
        let from = source().join(name);
        fs::copy(&from, folder.join(name))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(())
}

/// The program, installed when it is not there in the pinned versions.
pub(super) fn fetch() -> anyhow::Result<PathBuf> {
    let pinned = source().join(PINNED);
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
