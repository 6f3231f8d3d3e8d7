//! The requirements: each once, complete, and shown by a scenario or honestly listed as planned.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use super::repository::{repeated, yaml};
use super::scenarios;

const PATH: &str = "features/requirements.yaml";
const PROFILES: [&str; 9] = [
    "services",
    "observability",
    "mesh",
    "data",
    "secrets",
    "policy",
    "delivery",
    "resilience",
    "harness",
];
const OWNERS: [&str; 7] =
    ["services", "observability", "mesh", "data", "security", "delivery", "conformance"];

static ID: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^ECO-([A-Z]{3})-(\d{3})$").unwrap());

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    id: String,
    title: String,
    #[serde(rename = "level")]
    _level: Level,
    profile: String,
    needs: Vec<String>,
    owner: String,
    remediation: String,
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Core,
    Extended,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Status {
    Covered,
    Planned,
}

fn requirements() -> Vec<Requirement> {
    yaml(PATH)
}

#[test]
fn ids_are_distinct_and_counted_without_a_gap() {
    let requirements = requirements();
    assert_eq!(
        repeated(requirements.iter().map(|requirement| requirement.id.as_str())),
        [] as [&str; 0],
        "{PATH}"
    );
    let mut last: BTreeMap<String, u32> = BTreeMap::new();
    for requirement in &requirements {
        let parts = ID
            .captures(&requirement.id)
            .unwrap_or_else(|| panic!("{PATH}: {} is no id", requirement.id));
        let number: u32 = parts[2].parse().expect("three digits");
        let before = last.insert(parts[1].to_owned(), number).unwrap_or_default();
        assert_eq!(
            number,
            before + 1,
            "{PATH}: {} does not follow the one before it",
            requirement.id
        );
    }
}

#[test]
fn every_requirement_says_what_it_needs_who_owns_it_and_where_to_look() {
    for requirement in requirements() {
        let id = &requirement.id;
        assert!(
            !requirement.title.is_empty() && !requirement.title.ends_with('.'),
            "{PATH}: {id}: a title is a sentence without its period"
        );
        assert!(!requirement.remediation.is_empty(), "{PATH}: {id}: no remediation");
        assert!(
            PROFILES.contains(&requirement.profile.as_str()),
            "{PATH}: {id}: profile {:?} is none of {PROFILES:?}",
            requirement.profile
        );
        assert!(
            OWNERS.contains(&requirement.owner.as_str()),
            "{PATH}: {id}: owner {:?} is none of {OWNERS:?}",
            requirement.owner
        );
        assert_eq!(
            repeated(requirement.needs.iter().map(String::as_str)),
            [] as [&str; 0],
            "{PATH}: {id}: needs"
        );
    }
}

#[test]
fn every_requirement_tagged_in_a_feature_exists() {
    let requirements = requirements();
    for scenario in scenarios::all() {
        for tag in scenario.tags.iter().filter(|tag| tag.starts_with("ECO-")) {
            let known = requirements.iter().any(|requirement| requirement.id == *tag);
            assert!(
                known,
                "{}: scenario {:?} carries {tag}, which is not in {PATH}",
                scenario.path.display(),
                scenario.name
            );
        }
    }
}

#[test]
fn every_scenario_shows_a_requirement() {
    for scenario in scenarios::all() {
        let shows = scenario.tags.iter().any(|tag| tag.starts_with("ECO-"));
        assert!(
            shows,
            "{}: scenario {:?} carries the id of no requirement",
            scenario.path.display(),
            scenario.name
        );
    }
}

#[test]
fn a_requirement_is_covered_exactly_when_a_scenario_shows_it() {
    let scenarios = scenarios::all();
    for requirement in requirements() {
        let shown = scenarios.iter().any(|scenario| scenario.tags.contains(&requirement.id));
        let expected = if shown { Status::Covered } else { Status::Planned };
        let word = if shown { "covered" } else { "planned" };
        assert!(
            requirement.status == expected,
            "{PATH}: {} must have status {word}, by the feature files",
            requirement.id
        );
    }
}
