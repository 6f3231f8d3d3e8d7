//! Where the programs, the repository and the embedded cluster's kubeconfig are.

use std::env;
use std::path::{Path, PathBuf};

/// A program on `PATH`, else the newest the embedded cluster has built; its bare name if there is neither.
#[must_use]
pub fn find_tool(name: &str) -> PathBuf {
    on_path(name).or_else(|| in_cache(name)).unwrap_or_else(|| PathBuf::from(name))
}

/// The kubeconfig of the embedded cluster, if there is one.
#[must_use]
pub fn embedded_kubeconfig() -> Option<PathBuf> {
    cache().map(|cache| cache.join("embedded/kubeconfig")).filter(|path| path.is_file())
}

/// The repository this program was built from.
#[must_use]
pub fn repository() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.ancestors().nth(2).unwrap_or(crate_folder).to_owned()
}

/// Folder of everything that lies outside the checkout: `ECOTRACK_CACHE`, else `XDG_CACHE_HOME/ecotrack`, else `HOME/.cache/ecotrack`.
/// An empty variable counts as none.
#[must_use]
pub fn cache() -> Option<PathBuf> {
    named("ECOTRACK_CACHE")
        .or_else(|| named("XDG_CACHE_HOME").map(|folder| folder.join("ecotrack")))
        .or_else(|| named("HOME").map(|folder| folder.join(".cache/ecotrack")))
}

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn in_cache(name: &str) -> Option<PathBuf> {
    let folders = cache()?.join("bin").read_dir().ok()?;
    let mut files: Vec<PathBuf> = folders
        .flatten()
        .map(|folder| folder.path().join(name))
        .filter(|file| file.is_file())
        .collect();
    files.sort();
    files.pop()
}
