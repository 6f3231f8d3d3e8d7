//! The requirements as `requirements.yaml` lists them.

use std::path::Path;

use serde::Deserialize;

use super::{CatalogueError, Level};

/// One requirement; the file says more about it than the harness needs.
#[derive(Debug, Clone, Deserialize)]
pub struct Requirement {
    /// Its stable id, such as `ECO-MSH-002`.
    pub id: String,
    /// What it demands.
    pub title: String,
    /// How much it matters.
    pub level: Level,
    /// Where to look when it fails.
    #[serde(default)]
    pub remediation: String,
}

/// All of them, in file order.
#[derive(Debug, Clone, Default)]
pub struct Requirements(pub Vec<Requirement>);

impl Requirements {
    /// Reads `requirements.yaml` below `folder`.
    pub fn read(folder: &Path) -> Result<Self, CatalogueError> {
        let path = folder.join("requirements.yaml");
        let text = std::fs::read_to_string(&path)
            .map_err(|source| CatalogueError::Read { path: path.clone(), source })?;
        serde_yaml_ng::from_str(&text)
            .map(Self)
            .map_err(|error| CatalogueError::Settings { path, cause: error.to_string() })
    }
}
