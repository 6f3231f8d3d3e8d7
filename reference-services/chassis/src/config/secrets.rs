//! Application secrets: mounted files that change while the service runs.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::ConfigError;

/// A directory with one secret per file.
#[derive(Clone)]
pub struct Secrets {
    dir: PathBuf,
}

impl Secrets {
    /// The secrets of a mounted directory.
    #[must_use]
    pub fn in_dir(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The secret as it is now. Read it again for every use that can afford to, so that a change arrives.
    pub fn read(&self, name: &str) -> Result<SecretString, ConfigError> {
        read_secret(&self.dir.join(name))
    }
}

/// One secret file, without the line break editors leave at its end.
pub(crate) fn read_secret(path: &Path) -> Result<SecretString, ConfigError> {
    std::fs::read_to_string(path)
        .map(|text| SecretString::from(text.trim_end_matches(['\r', '\n'])))
        .map_err(|source| ConfigError::File { path: path.to_owned(), source })
}
