//! The folder of one run: data, secrets and logs. Removed at the end, and by the next run where a run had no end of its own.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use nix::fcntl::{Flock, FlockArg};
use rand::Rng as _;

/// How folders of runs begin.
const PREFIX: &str = "ecotrack-run-";
/// A folder with this file in it is somebody's evidence.
const KEPT: &str = "kept";
/// Servers that run as somebody else pass through, but do not look around.
const PASS_THROUGH: u32 = 0o711;

/// The folder of this run.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    lock: PathBuf,
    _held: Flock<File>,
}

impl RunFolder {
    /// Removes what killed runs left, then makes a folder. Not under the home folder: other users must reach it.
    pub fn create() -> anyhow::Result<Self> {
        Self::create_in(&std::env::temp_dir())
    }

    fn create_in(parent: &Path) -> anyhow::Result<Self> {
        sweep(parent)?;
        let name = format!("{PREFIX}{}-{:04x}", std::process::id(), rand::rng().random::<u16>());
        let path = parent.join(name);
        let lock = lock_of(&path);
        // The lock is there before the folder is, so that no sweep finds a folder without a holder.
        let held = hold(&lock)?.with_context(|| format!("{} is held", lock.display()))?;
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        fs::set_permissions(&path, Permissions::from_mode(PASS_THROUGH))?;
        Ok(Self { path, lock, _held: held })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder in it, made when it is not there.
    pub fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.path.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    /// Leaves it on disk for somebody to look at.
    pub fn keep(&self) -> anyhow::Result<()> {
        fs::write(self.path.join(KEPT), "").context("cannot mark the folder as kept")
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        remove(&self.path, &self.lock);
    }
}

fn sweep(parent: &Path) -> anyhow::Result<()> {
    for entry in
        fs::read_dir(parent).with_context(|| format!("cannot read {}", parent.display()))?
    {
        let path = entry?.path();
        let is_ours =
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        if is_ours && path.is_dir() && hold(&lock_of(&path))?.is_some() {
            remove(&path, &lock_of(&path));
        }
    }
    Ok(())
}

/// A folder that cannot be removed now is left to the next sweep.
fn remove(path: &Path, lock: &Path) {
    if !path.join(KEPT).exists() {
        fs::remove_dir_all(path).ok();
    }
    fs::remove_file(lock).ok();
}

fn hold(lock: &Path) -> anyhow::Result<Option<Flock<File>>> {
    let file = File::create(lock).with_context(|| format!("cannot write {}", lock.display()))?;
    Ok(Flock::lock(file, FlockArg::LockExclusiveNonblock).ok())
}

fn lock_of(path: &Path) -> PathBuf {
    path.with_extension("lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_is_held_or_kept_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let dead = parent.path().join(format!("{PREFIX}1-dead"));
        let kept = parent.path().join(format!("{PREFIX}1-kept"));
        fs::create_dir(&dead).unwrap();
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join(KEPT), "").unwrap();
        let first = RunFolder::create_in(parent.path()).unwrap();
        let second = RunFolder::create_in(parent.path()).unwrap();
        assert!(!dead.exists());
        assert!(kept.exists() && first.path().exists() && second.path().exists());
    }

    #[test]
    fn a_folder_goes_with_its_run_unless_it_is_kept() {
        let parent = tempfile::tempdir().unwrap();
        let (gone, kept) = (
            RunFolder::create_in(parent.path()).unwrap(),
            RunFolder::create_in(parent.path()).unwrap(),
        );
        kept.keep().unwrap();
        let (gone_path, kept_path) = (gone.path().to_owned(), kept.path().to_owned());
        drop((gone, kept));
        assert!(!gone_path.exists() && kept_path.exists());
    }
}
