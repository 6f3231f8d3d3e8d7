//! The cgroup that holds every container of the node and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::process::Identity;
use super::settings::NODE_NAME;

const ROOT: &str = "/sys/fs/cgroup";
const UNIFIED: &str = "/sys/fs/cgroup/cgroup.controllers";

/// Whether the machine has the unified hierarchy (cgroup v2) only.
#[must_use]
pub fn unified() -> bool {
    Path::new(UNIFIED).exists()
}

/// Our folder in each mounted hierarchy, whether it exists or not.
fn folders() -> Vec<PathBuf> {
    if unified() {
        return vec![Path::new(ROOT).join(NODE_NAME)];
    }
    let Ok(entries) = fs::read_dir(ROOT) else { return Vec::new() };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() && !path.is_symlink())
        .map(|path| path.join(NODE_NAME))
        .collect()
}

/// Makes our cgroup in every hierarchy.
///
/// # Errors
/// When the kernel refuses one.
pub fn ensure() -> Result<()> {
    if unified() {
        let control = Path::new(ROOT).join("cgroup.subtree_control");
        fs::write(&control, "+cpu +cpuset +memory +pids +io")
            .with_context(|| format!("cannot enable controllers in {}", control.display()))?;
    }
    for folder in folders() {
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the cgroup {}", folder.display()))?;
    }
    Ok(())
}

/// The living processes in our cgroup: those of containers.
#[must_use]
pub fn processes() -> Vec<Identity> {
    let mut pids: Vec<i32> = folders().iter().flat_map(|folder| pids_below(folder)).collect();
    pids.sort_unstable();
    pids.dedup();
    pids.into_iter().filter_map(Identity::of).collect()
}

fn pids_below(folder: &Path) -> Vec<i32> {
    let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    let mut pids: Vec<i32> = text.lines().filter_map(|line| line.parse().ok()).collect();
    for child in children(folder) {
        pids.extend(pids_below(&child));
    }
    pids
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// Removes our cgroup from every hierarchy; it must be empty of processes.
///
/// # Errors
/// When a folder cannot be removed.
pub fn remove() -> Result<()> {
    folders().iter().filter(|folder| folder.exists()).try_for_each(|folder| remove_tree(folder))
}

fn remove_tree(folder: &Path) -> Result<()> {
    for child in children(folder) {
        remove_tree(&child)?;
    }
    fs::remove_dir(folder).with_context(|| format!("cannot remove the cgroup {}", folder.display()))
}

/// Our cgroup folders that exist.
#[must_use]
pub fn existing() -> Vec<PathBuf> {
    folders().into_iter().filter(|folder| folder.exists()).collect()
}
