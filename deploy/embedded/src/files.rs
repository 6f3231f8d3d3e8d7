//! Small helps with files and folders.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Removes a file or a folder with all in it; that it is not there is fine.
///
/// # Errors
/// When it is there and resists.
pub fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Copies a folder over another; copies are writable even where the original, like a Go module, is not.
///
/// # Errors
/// When something cannot be read or written.
pub fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let source = entry?.path();
        let target = to.join(source.file_name().unwrap_or_default());
        if source.is_dir() {
            copy_tree(&source, &target)?;
        } else {
            copy_writable(&source, &target)?;
        }
    }
    Ok(())
}

fn copy_writable(source: &Path, target: &Path) -> Result<()> {
    fs::copy(source, target)
        .with_context(|| format!("cannot copy {} to {}", source.display(), target.display()))?;
    let mode = fs::metadata(source)?.permissions().mode() | 0o200;
    fs::set_permissions(target, fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot open {}", target.display()))
}

/// The bytes of all files below a folder; what cannot be read counts as nothing.
#[must_use]
pub fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| size_of_entry(&entry)).sum()
}

fn size_of_entry(entry: &fs::DirEntry) -> u64 {
    match entry.metadata() {
        Ok(data) if data.is_dir() => size_of(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_read_only_tree_is_writable() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("deep")).unwrap();
        fs::write(from.join("deep/file"), "text").unwrap();
        fs::set_permissions(from.join("deep/file"), fs::Permissions::from_mode(0o444)).unwrap();
        copy_tree(&from, &to).unwrap();
        assert_eq!(fs::metadata(to.join("deep/file")).unwrap().permissions().mode() & 0o777, 0o644);
    }

    #[test]
    fn what_is_not_there_is_removed_already() {
        let folder = tempfile::tempdir().unwrap();
        assert!(remove(&folder.path().join("nothing")).is_ok());
    }

    #[test]
    fn sizes_of_subfolders_count() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/b"), [0; 7]).unwrap();
        assert_eq!(size_of(folder.path()), 7);
    }
}
