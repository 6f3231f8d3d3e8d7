//! What the feature files hold: every scenario with its tags, expanded and addressable.

pub mod gate;
mod requirements;
mod skips;
mod tags;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cucumber::feature::Ext as _;
use cucumber::gherkin::{Feature, GherkinEnv, Scenario};

pub use requirements::{Requirement, Requirements};
pub use skips::{Skip, Skips};
pub use tags::{Level, TagError, Tags};

/// Where a scenario stands: unique within a run, also among the rows of an outline.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Address {
    /// The feature file, relative to the folder of features.
    pub path: String,
    /// The line of the scenario or of the outline's row.
    pub line: usize,
}

impl std::fmt::Display for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.path, self.line)
    }
}

/// One scenario and what holds for it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it stands.
    pub address: Address,
    /// The feature's name.
    pub feature: String,
    /// The scenario's name.
    pub name: String,
    /// Its tags and those of its rule and feature.
    pub tags: Tags,
    /// Its steps as text, for reports of what did not run.
    pub steps: Vec<String>,
}

/// Why the feature files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// No feature file at all.
    #[error("no feature file below {}", .0.display())]
    Empty(PathBuf),
    /// A file or folder cannot be read.
    #[error("reading {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not Gherkin.
    #[error("{cause}")]
    Gherkin {
        /// File, line and what was expected there.
        cause: String,
    },
    /// A file of settings beside the features is wrong.
    #[error("{}: {cause}", path.display())]
    Settings {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// A scenario with tags that make no sense.
    #[error("{address}: {source}")]
    Tags {
        /// The scenario.
        address: Address,
        /// What is wrong.
        source: TagError,
    },
}

/// All features of a folder.
#[derive(Debug, Clone)]
pub struct Catalogue {
    features: Vec<Feature>,
    entries: Vec<Entry>,
}

impl Catalogue {
    /// Reads every `.feature` file below `folder`; outlines are expanded into their rows.
    pub fn read(folder: &Path) -> Result<Self, CatalogueError> {
        let mut features = Vec::new();
        for path in feature_files(folder)? {
            features.push(parse(folder, &path)?);
        }
        if features.is_empty() {
            return Err(CatalogueError::Empty(folder.to_owned()));
        }
        let mut entries = Vec::new();
        for feature in &features {
            entries.extend(entries_of(feature)?);
        }
        Ok(Self { features, entries })
    }

    /// Every scenario, in file order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The features with only the scenarios that `keep` wants; features without one are left out.
    #[must_use]
    pub fn keep(&self, keep: impl Fn(&Address) -> bool) -> Vec<Feature> {
        let mut kept = self.features.clone();
        for feature in &mut kept {
            let path = path_of(feature);
            let wanted = |scenario: &Scenario| {
                keep(&Address { path: path.clone(), line: scenario.position.line })
            };
            feature.scenarios.retain(&wanted);
            for rule in &mut feature.rules {
                rule.scenarios.retain(&wanted);
            }
            feature.rules.retain(|rule| !rule.scenarios.is_empty());
        }
        kept.retain(|feature| feature.count_scenarios() > 0);
        kept
    }
}

/// The address of a scenario that the runner speaks of.
#[must_use]
pub fn address(feature: &Feature, scenario: &Scenario) -> Address {
    Address { path: path_of(feature), line: scenario.position.line }
}

fn path_of(feature: &Feature) -> String {
    feature.path.as_deref().unwrap_or_else(|| Path::new("?")).display().to_string()
}

fn parse(folder: &Path, path: &Path) -> Result<Feature, CatalogueError> {
    // The line is in the error's source, the file in the error itself.
    let gherkin = |error: anyhow::Error| CatalogueError::Gherkin { cause: format!("{error:#}") };
    let mut feature =
        Feature::parse_path(path, GherkinEnv::default()).map_err(|error| gherkin(error.into()))?;
    feature.path = Some(path.strip_prefix(folder).unwrap_or(path).to_owned());
    let expanded = feature.expand_examples().with_context(|| path.display().to_string());
    expanded.map_err(gherkin)
}

fn entries_of(feature: &Feature) -> Result<Vec<Entry>, CatalogueError> {
    let plain = feature.scenarios.iter().map(|scenario| (&[][..], scenario));
    let ruled = feature.rules.iter().flat_map(|rule| {
        rule.scenarios.iter().map(move |scenario| (rule.tags.as_slice(), scenario))
    });
    plain.chain(ruled).map(|(rule_tags, scenario)| entry(feature, rule_tags, scenario)).collect()
}

fn entry(
    feature: &Feature,
    rule_tags: &[String],
    scenario: &Scenario,
) -> Result<Entry, CatalogueError> {
    let address = address(feature, scenario);
    let all = feature.tags.iter().chain(rule_tags).chain(&scenario.tags).map(String::as_str);
    let tags = Tags::parse(all)
        .map_err(|source| CatalogueError::Tags { address: address.clone(), source })?;
    let background = feature.background.iter().flat_map(|background| &background.steps);
    let steps = background
        .chain(&scenario.steps)
        .map(|step| format!("{}{}", step.keyword, step.value))
        .collect();
    Ok(Entry { address, feature: feature.name.clone(), name: scenario.name.clone(), tags, steps })
}

fn feature_files(folder: &Path) -> Result<Vec<PathBuf>, CatalogueError> {
    let failed = |source| CatalogueError::Read { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            found.extend(feature_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "feature") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests;
