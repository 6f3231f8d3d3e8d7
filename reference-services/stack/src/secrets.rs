//! Secrets as files, laid out as a kubelet does it, so that a change arrives at once and whole.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use uuid::Uuid;

/// Points to the version that counts.
const CURRENT: &str = "..data";
const NEXT: &str = "..next";

/// A mounted folder of secrets.
#[derive(Debug, Clone)]
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// A mount at a path.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Replaces everything in it, in one step for whoever reads.
    pub(crate) fn put(&self, files: &[(&str, &str)]) -> anyhow::Result<()> {
        let version = self.0.join(format!("..{}", Uuid::now_v7().simple()));
        fs::create_dir_all(&version)
            .with_context(|| format!("cannot make {}", version.display()))?;
        fs::set_permissions(&version, Permissions::from_mode(0o700))?;
        for (name, text) in files {
            fs::write(version.join(name), text)
                .with_context(|| format!("cannot write secret {name}"))?;
        }
        let next = self.0.join(NEXT);
        symlink(&version, &next).context("cannot link a version of secrets")?;
        fs::rename(&next, self.0.join(CURRENT)).context("cannot switch to a version of secrets")?;
        for (name, _) in files {
            let link = self.0.join(name);
            if link.symlink_metadata().is_err() {
                symlink(Path::new(CURRENT).join(name), &link)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_shows_what_was_put_last() {
        let dir = tempfile::tempdir().unwrap();
        let mount = Mount::at(dir.path().join("db"));
        mount.put(&[("username", "one"), ("password", "1")]).unwrap();
        mount.put(&[("username", "two"), ("password", "2")]).unwrap();
        assert_eq!(fs::read_to_string(mount.path().join("username")).unwrap(), "two");
        assert_eq!(fs::read_to_string(mount.path().join("..data/password")).unwrap(), "2");
    }
}
