//! Scenarios that somebody chose not to run for a while: `skips.yaml` beside the features.

use std::fmt;
use std::path::Path;

use chrono::{NaiveDate, Utc};
use serde::Deserialize;

use super::CatalogueError;

/// One choice. It ends by itself: an expired skip is an error until somebody removes or renews it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    feature: String,
    scenario: String,
    who: String,
    why: String,
    until: NaiveDate,
}

impl fmt::Display for Skip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "skipped by {} until {}: {}", self.who, self.until, self.why)
    }
}

/// All choices.
#[derive(Debug, Clone, Default)]
pub struct Skips(Vec<Skip>);

impl Skips {
    /// Reads `skips.yaml` below `folder`; without the file nothing is skipped.
    pub fn read(folder: &Path) -> Result<Self, CatalogueError> {
        let path = folder.join("skips.yaml");
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                Self::parse(&text).map_err(|cause| CatalogueError::Settings { path, cause })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(CatalogueError::Read { path, source }),
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let skips: Vec<Skip> = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
        let today = Utc::now().date_naive();
        match skips.iter().find(|skip| skip.until < today) {
            None => Ok(Self(skips)),
            Some(expired) => Err(format!(
                "the skip of `{}` expired on {}: run it again, or renew the date",
                expired.scenario, expired.until
            )),
        }
    }

    pub(super) fn find(&self, feature: &str, scenario: &str) -> Option<&Skip> {
        self.0.iter().find(|skip| skip.feature == feature && skip.scenario == scenario)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expired_skip_is_an_error() {
        let error = Skips::parse("- {feature: a, scenario: b, who: c, why: d, until: 2001-01-01}")
            .unwrap_err();
        assert!(error.contains("expired on 2001-01-01"), "{error}");
    }

    #[test]
    fn a_skip_without_an_owner_is_refused() {
        assert!(Skips::parse("- {feature: a, scenario: b, why: d, until: 2999-01-01}").is_err());
    }
}
