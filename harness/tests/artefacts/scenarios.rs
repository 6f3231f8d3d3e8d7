//! The scenarios of the feature files, with every tag that holds for them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cucumber::gherkin::{Feature, GherkinEnv, Scenario};

use super::repository::{files, root};

/// One scenario, wherever it stands.
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) tags: BTreeSet<String>,
    /// Keyword and text of each step.
    pub(crate) steps: Vec<String>,
}

/// Every scenario of every feature file.
pub(crate) fn all() -> Vec<Found> {
    files("features", "feature").iter().flat_map(|path| in_file(path)).collect()
}

fn in_file(path: &Path) -> Vec<Found> {
    let feature = Feature::parse_path(root().join(path), GherkinEnv::default())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let within = |inherited: Vec<String>, scenarios: &[Scenario]| -> Vec<Found> {
        let found = |scenario: &Scenario| Found {
            path: path.to_owned(),
            name: scenario.name.clone(),
            tags: inherited.iter().chain(&scenario.tags).cloned().collect(),
            steps: scenario
                .steps
                .iter()
                .map(|step| format!("{} {}", step.keyword.trim(), step.value))
                .collect(),
        };
        scenarios.iter().map(found).collect()
    };
    let ruled = feature.rules.iter().flat_map(|rule| {
        within([feature.tags.clone(), rule.tags.clone()].concat(), &rule.scenarios)
    });
    within(feature.tags.clone(), &feature.scenarios).into_iter().chain(ruled).collect()
}
