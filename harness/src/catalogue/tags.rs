//! What the tags of a scenario say.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::capability::{Capability, UnknownCapability};

/// How much a scenario matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It must pass.
    Core,
    /// It may be `not_supported`.
    #[serde(alias = "ext")]
    Extended,
}

/// The tags of a scenario, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    /// Every tag as it is written, without the `@`.
    pub all: BTreeSet<String>,
    /// The requirements it shows.
    pub requirements: BTreeSet<String>,
    /// What the cluster must be able to do.
    pub requires: BTreeSet<Capability>,
    /// `@core` or `@extended`; a scenario without either is core.
    pub level: Level,
}

/// Tags that make no sense.
#[derive(Debug, thiserror::Error)]
pub enum TagError {
    /// `@requires.` something that is no capability.
    #[error(transparent)]
    Capability(#[from] UnknownCapability),
    /// Both levels at once.
    #[error("the tags @core and @extended contradict each other")]
    TwoLevels,
    /// A retry hides what is flaky.
    #[error("the tag @{0} is not allowed: wait for a condition inside the step instead")]
    Forbidden(String),
}

impl Tags {
    /// Whether it runs alone, because it disturbs others or others would disturb it.
    #[must_use]
    pub fn is_serial(&self) -> bool {
        self.all.contains("serial")
    }

    /// Reads tags written without the `@`.
    pub fn parse<'a>(tags: impl Iterator<Item = &'a str>) -> Result<Self, TagError> {
        let all: BTreeSet<String> = tags.map(str::to_owned).collect();
        if let Some(forbidden) =
            all.iter().find(|tag| tag.starts_with("retry") || *tag == "allow.skipped")
        {
            return Err(TagError::Forbidden(forbidden.clone()));
        }
        let level = match (all.contains("core"), all.contains("extended")) {
            (true, true) => return Err(TagError::TwoLevels),
            (false, true) => Level::Extended,
            (_, false) => Level::Core,
        };
        let requires = all
            .iter()
            .filter_map(|tag| tag.strip_prefix("requires."))
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let requirements = all
            .iter()
            .map(|tag| tag.strip_prefix("id.").unwrap_or(tag))
            .filter(|tag| tag.starts_with("ECO-"))
            .map(str::to_owned)
            .collect();
        Ok(Self { all, requirements, requires, level })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(tags: &[&str]) -> Result<Tags, TagError> {
        Tags::parse(tags.iter().copied())
    }

    #[test]
    fn requirements_needs_and_level_are_read() {
        let tags =
            parse(&["id.ECO-MSH-002", "ECO-MSH-003", "requires.istio", "extended", "serial"])
                .unwrap();
        assert_eq!(
            tags.requirements.iter().map(String::as_str).collect::<Vec<_>>(),
            ["ECO-MSH-002", "ECO-MSH-003"]
        );
        assert_eq!(tags.requires.iter().copied().collect::<Vec<_>>(), [Capability::Istio]);
        assert_eq!(tags.level, Level::Extended);
        assert!(tags.is_serial());
    }

    #[test]
    fn a_scenario_without_a_level_is_core() {
        assert_eq!(parse(&[]).unwrap().level, Level::Core);
    }

    #[test]
    fn contradictions_retries_and_unknown_needs_are_refused() {
        assert!(matches!(parse(&["core", "extended"]), Err(TagError::TwoLevels)));
        assert!(matches!(parse(&["retry(3)"]), Err(TagError::Forbidden(_))));
        assert!(matches!(parse(&["allow.skipped"]), Err(TagError::Forbidden(_))));
        assert!(matches!(parse(&["requires.magic"]), Err(TagError::Capability(_))));
    }
}
