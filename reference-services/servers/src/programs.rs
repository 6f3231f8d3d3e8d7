//! Where the servers' programs and the services' binaries lie.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Where Debian keeps PostgreSQL, one folder per version.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// A program of PostgreSQL, of the newest version there is.
pub fn postgresql(name: &str) -> anyhow::Result<PathBuf> {
    let versions = std::fs::read_dir(POSTGRESQL).into_iter().flatten().flatten();
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    find(name, "postgresql", folders)
}

/// A program on the path.
pub fn on_path(name: &str, package: &str) -> anyhow::Result<PathBuf> {
    find(name, package, Vec::new())
}

fn find(name: &str, package: &str, folders: Vec<PathBuf>) -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates =
        folders.into_iter().chain(std::env::split_paths(&path)).map(|folder| folder.join(name));
    candidates.find(|candidate| candidate.is_file()).with_context(|| {
        format!("{name} is not installed; install it with: apt-get install {package}")
    })
}

/// The repository this was compiled in.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where cargo puts what it builds.
#[must_use]
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from)
}

/// What lives outside the checkout: `ECOTRACK_CACHE`, else `XDG_CACHE_HOME/ecotrack`, else `HOME/.cache/ecotrack`.
pub fn cache() -> anyhow::Result<PathBuf> {
    let named = |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty());
    named("ECOTRACK_CACHE")
        .map(PathBuf::from)
        .or_else(|| named("XDG_CACHE_HOME").map(|folder| Path::new(&folder).join("ecotrack")))
        .or_else(|| named("HOME").map(|folder| Path::new(&folder).join(".cache/ecotrack")))
        .context("no cache folder: set ECOTRACK_CACHE")
}
