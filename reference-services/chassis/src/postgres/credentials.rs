//! The mounted login. User and password belong together, so they are read from one version of the mount.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use crate::config::{ConfigError, read_secret};

/// A kubelet writes a new directory and then points this link to it.
const VERSION_LINK: &str = "..data";

/// A database login.
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: SecretString,
}

impl Credentials {
    pub(super) fn read(dir: &Path) -> Result<Self, ConfigError> {
        let version =
            std::fs::canonicalize(dir.join(VERSION_LINK)).unwrap_or_else(|_| dir.to_owned());
        Ok(Self {
            username: read_secret(&version.join("username"))?.expose_secret().to_owned(),
            password: read_secret(&version.join("password"))?,
        })
    }
}

impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        self.username == other.username
            && self.password.expose_secret() == other.password.expose_secret()
    }
}
