//! What can go wrong, each with what the user can do next.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::command::CommandError;

/// Why the platform is not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A program could not be run or failed.
    #[error("{doing}")]
    Command {
        /// What it was run for.
        doing: String,
        /// What it said.
        source: CommandError,
    },
    /// A file cannot be read or written.
    #[error("{doing} {}", path.display())]
    File {
        /// What was done with it.
        doing: &'static str,
        /// Which file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Manifests or an answer of the cluster are not what they should be.
    #[error("{what} cannot be understood: {reason}")]
    Malformed {
        /// Which text.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A key or certificate cannot be made.
    #[error("no certificate for {whom}")]
    Certificate {
        /// Whose it should have been.
        whom: String,
        /// The library's reason.
        source: rcgen::Error,
    },
    /// The cluster offers no storage.
    #[error(
        "the cluster has no default StorageClass, so nothing could keep its data; make one the default, or give --local-storage <folder on the node> on a one-node cluster"
    )]
    NoStorage,
    /// An object did not become ready in time, or failed for good.
    #[error(transparent)]
    NotReady(Box<NotReady>),
}

/// Which object is not ready, why, and where to look.
#[derive(Debug)]
pub struct NotReady {
    /// The part of the platform it belongs to.
    pub part: String,
    /// `StatefulSet data/kafka`.
    pub object: String,
    /// How long it was waited for.
    pub after: Duration,
    /// Its state in words.
    pub state: String,
    /// What its pods and the last event say, if anything.
    pub evidence: Vec<String>,
    /// The command to run next.
    pub next: String,
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} is not ready after {} s: {}",
            self.part,
            self.object,
            self.after.as_secs(),
            self.state
        )?;
        for line in &self.evidence {
            write!(f, "; {line}")?;
        }
        write!(f, "; look with: {}", self.next)
    }
}

impl std::error::Error for NotReady {}

/// Names what a program was run for.
pub(crate) trait Doing<T> {
    /// Adds the purpose to the program's error.
    fn doing(self, doing: impl Into<String>) -> Result<T, InstallError>;
}

impl<T> Doing<T> for Result<T, CommandError> {
    fn doing(self, doing: impl Into<String>) -> Result<T, InstallError> {
        self.map_err(|source| InstallError::Command { doing: doing.into(), source })
    }
}
