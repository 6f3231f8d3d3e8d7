//! One `embedded` at a time works on a cache; a second one waits for the first.

use std::fs::{self, File, TryLockError};

use anyhow::{Context, Result};

use crate::layout::Layout;
use crate::progress::Progress;

/// Waits until nobody else works on this cache; it is ours until the answer is dropped or the process ends, however it ends.
///
/// # Errors
/// When the lock file cannot be made or locked.
pub fn hold(layout: &Layout, progress: &Progress) -> Result<File> {
    fs::create_dir_all(layout.root())
        .with_context(|| format!("cannot make {}", layout.root().display()))?;
    let path = layout.root().join("embedded.lock");
    let file = File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => {
            progress.say("another `embedded` is at work; waiting for it to end");
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn it_can_be_held_again_once_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().join("cache"), PathBuf::new());
        drop(hold(&layout, &Progress::default()).unwrap());
        let held = hold(&layout, &Progress::default()).unwrap();
        let other = File::open(layout.root().join("embedded.lock")).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        drop(held);
        assert!(other.try_lock().is_ok());
    }
}
