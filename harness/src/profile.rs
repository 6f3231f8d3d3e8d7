//! What a kind of cluster is declared to have and to lack: `profiles.yaml` beside the features.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::capability::{Capability, Presence};
use crate::catalogue::{CatalogueError, Entry};
use crate::cluster::Interfaces;

/// The profile of a cluster that was named explicitly, about which nothing is declared.
pub const ANY: &str = "any";
/// The profile of the embedded cluster.
pub const EMBEDDED: &str = "embedded";

/// A declaration. What it requires and is absent fails the run; what it lacks is no reason for `partial`.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    name: String,
    required: BTreeSet<Capability>,
    lacking: BTreeMap<Capability, String>,
    not_applicable: Vec<NotApplicable>,
    interfaces: Interfaces,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declaration {
    #[serde(default)]
    required: BTreeSet<Capability>,
    #[serde(default)]
    lacking: BTreeMap<Capability, String>,
    #[serde(default)]
    not_applicable: Vec<NotApplicable>,
    #[serde(default)]
    interfaces: Interfaces,
}

/// A scenario, by the names of its feature and its own, that has no meaning on this kind of cluster.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotApplicable {
    feature: String,
    scenario: String,
    why: String,
}

impl Profile {
    /// Reads the declaration called `name` from `profiles.yaml` below `folder`.
    pub fn read(folder: &Path, name: &str) -> Result<Self, CatalogueError> {
        let path = folder.join("profiles.yaml");
        let text = std::fs::read_to_string(&path)
            .map_err(|source| CatalogueError::Read { path: path.clone(), source })?;
        Self::parse(&text, name).map_err(|cause| CatalogueError::Settings { path, cause })
    }

    fn parse(text: &str, name: &str) -> Result<Self, String> {
        let mut all: BTreeMap<String, Declaration> =
            serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
        let known: Vec<String> = all.keys().cloned().collect();
        let found = all
            .remove(name)
            .ok_or_else(|| format!("there is no profile `{name}`, only {}", known.join(", ")))?;
        if let Some(both) =
            found.required.iter().find(|capability| found.lacking.contains_key(capability))
        {
            return Err(format!("profile `{name}` both requires and lacks {both}"));
        }
        let Declaration { required, lacking, not_applicable, interfaces } = found;
        Ok(Self { name: name.to_owned(), required, lacking, not_applicable, interfaces })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the interfaces of its platform's parts are.
    #[must_use]
    pub fn interfaces(&self) -> &Interfaces {
        &self.interfaces
    }

    /// Whether it requires this capability.
    #[must_use]
    pub fn requires(&self, capability: Capability) -> bool {
        self.required.contains(&capability)
    }

    /// Why it lacks this capability, if it is declared to.
    #[must_use]
    pub fn lacks(&self, capability: Capability) -> Option<&str> {
        self.lacking.get(&capability).map(String::as_str)
    }

    /// Why the scenario has no meaning on this kind of cluster, if it is declared to have none.
    #[must_use]
    pub fn not_applicable(&self, entry: &Entry) -> Option<&str> {
        let declared = self
            .not_applicable
            .iter()
            .find(|it| it.feature == entry.feature && it.scenario == entry.name);
        declared.map(|declared| declared.why.as_str())
    }

    /// A sentence for each thing that is not as declared.
    #[must_use]
    pub fn breaches(&self, capabilities: &BTreeMap<Capability, Presence>) -> Vec<String> {
        let missing =
            self.required.iter().filter_map(|required| match capabilities.get(required) {
                Some(Presence::Present { .. }) => None,
                Some(unfit @ (Presence::Absent { proof } | Presence::Broken { proof })) => {
                    Some(format!(
                        "profile {} requires {required}, which is {}: {proof}",
                        self.name,
                        unfit.state()
                    ))
                }
                None => Some(format!(
                    "profile {} requires {required}, which nobody looked for",
                    self.name
                )),
            });
        let unexpected = self.lacking.keys().filter(|lacking| {
            capabilities.get(lacking).is_some_and(|there| there.state() != "absent")
        });
        let unexpected = unexpected.map(|lacking| {
            format!("profile {} declares {lacking} absent, but it is there", self.name)
        });
        missing.chain(unexpected).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str =
        "any: {}\nembedded:\n  required: [istio, loki]\n  lacking: {falco: no kernel driver}\n";

    fn capabilities(istio: bool, falco: bool) -> BTreeMap<Capability, Presence> {
        let presence = |there: bool| {
            if there {
                Presence::Present { version: "1".into(), proof: "p".into() }
            } else {
                Presence::Absent { proof: "not found".into() }
            }
        };
        BTreeMap::from([
            (Capability::Istio, presence(istio)),
            (Capability::Loki, presence(true)),
            (Capability::Falco, presence(falco)),
        ])
    }

    #[test]
    fn a_cluster_as_declared_has_no_breach() {
        assert!(
            Profile::parse(TWO, "embedded")
                .unwrap()
                .breaches(&capabilities(true, false))
                .is_empty()
        );
    }

    #[test]
    fn declared_but_absent_is_a_breach_with_the_proof() {
        let breaches =
            Profile::parse(TWO, "embedded").unwrap().breaches(&capabilities(false, false));
        assert_eq!(breaches, ["profile embedded requires istio, which is absent: not found"]);
    }

    #[test]
    fn declared_absent_but_there_is_a_breach_too() {
        let breaches = Profile::parse(TWO, "embedded").unwrap().breaches(&capabilities(true, true));
        assert_eq!(breaches, ["profile embedded declares falco absent, but it is there"]);
    }

    #[test]
    fn a_profile_says_where_the_platform_answers() {
        let mine = "mine:\n  interfaces: {loki: logs/loki-gateway:80}\n";
        let profile = Profile::parse(mine, "mine").unwrap();
        assert_eq!(profile.interfaces().loki.to_string(), "logs/loki-gateway:80");
    }

    #[test]
    fn an_unknown_profile_names_the_known_ones() {
        assert_eq!(
            Profile::parse(TWO, "eks").unwrap_err(),
            "there is no profile `eks`, only any, embedded"
        );
    }
}
