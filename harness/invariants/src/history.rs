//! A history: what clients were told and what the world says, as one document.

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::drain::Rest;
use crate::journal::Journal;
use crate::observed::Observed;

/// Version of the stored document. Additions keep it; anything else changes it.
pub const SCHEMA: &str = "ecotrack.dev/invariants-history/v1";

/// All that is judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// What clients asked and were told.
    pub journal: Journal,
    /// What the world says.
    pub observed: Observed,
    /// Whether the system came to rest before it was looked at.
    pub rest: Rest,
}

impl History {
    /// A history of these.
    #[must_use]
    pub fn new(journal: Journal, observed: Observed, rest: Rest) -> Self {
        Self { schema: SCHEMA.to_owned(), journal, observed, rest }
    }

    /// Reads a stored history.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let at = || format!("cannot read the history {}", path.display());
        let history: Self =
            serde_json::from_slice(&std::fs::read(path).with_context(at)?).with_context(at)?;
        anyhow::ensure!(
            history.schema == SCHEMA,
            "{} is of schema `{}`, this program reads `{SCHEMA}`",
            path.display(),
            history.schema
        );
        Ok(history)
    }

    /// Stores it.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec(self).context("the history cannot be written as JSON")?;
        std::fs::write(path, text)
            .with_context(|| format!("cannot write the history {}", path.display()))
    }
}
