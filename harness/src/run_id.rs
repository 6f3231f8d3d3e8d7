//! The name of one run: in every label, namespace and report path that the run makes.

use std::fmt;

use chrono::Utc;
use serde::{Deserialize, Serialize};

/// The label that marks everything a run creates; its value is the [`RunId`].
pub const RUN_LABEL: &str = "ecotrack.dev/run";

/// A run's name: sortable by time, valid as a label value and inside a DNS name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// Why a text is no run id.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a run id: expected something like 20261122-190512-4f3a")]
pub struct InvalidRunId(String);

impl RunId {
    /// A new name from the current time and four random hexadecimal digits.
    #[must_use]
    pub fn generate() -> Self {
        Self(format!("{}-{:04x}", Utc::now().format("%Y%m%d-%H%M%S"), rand::random::<u16>()))
    }

    /// Reads a name back, from a label or a folder.
    pub fn parse(text: &str) -> Result<Self, InvalidRunId> {
        let parts: Vec<&str> = text.split('-').collect();
        let well_formed = matches!(parts.as_slice(), [day, time, tail]
            if day.len() == 8 && time.len() == 6 && tail.len() == 4
                && [day, time].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
                && tail.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase()));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(InvalidRunId(text.to_owned())) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for RunId {
    type Error = InvalidRunId;

    fn try_from(text: String) -> Result<Self, InvalidRunId> {
        Self::parse(&text)
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_id_reads_back() {
        let id = RunId::generate();
        assert_eq!(RunId::parse(id.as_str()).unwrap(), id);
    }

    #[test]
    fn what_could_break_a_label_or_a_path_is_refused() {
        for text in [
            "",
            "latest",
            "../../etc",
            "20261122-190512",
            "20261122-190512-4F3A",
            "2026112a-190512-4f3a",
        ] {
            assert!(RunId::parse(text).is_err(), "{text} was accepted");
        }
    }
}
