//! Whether a scenario runs: a scenario that does not is reported with its verdict and the reason, never dropped.

use std::collections::BTreeMap;

use crate::capability::{Capability, Presence};
use crate::verdict::Verdict;

use super::{Entry, Skips};

/// The decision about one scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// It runs.
    Open,
    /// It does not.
    Closed {
        /// `not_supported` or `skipped`.
        verdict: Verdict,
        /// The proof of absence, or who skipped it and why.
        reason: String,
    },
}

/// Decides from what the cluster can do and from what somebody chose to skip.
#[must_use]
pub fn decide(entry: &Entry, capabilities: &BTreeMap<Capability, Presence>, skips: &Skips) -> Gate {
    if let Some(skip) = skips.find(&entry.feature, &entry.name) {
        return Gate::Closed { verdict: Verdict::Skipped, reason: skip.to_string() };
    }
    let missing: Vec<String> =
        entry.tags.requires.iter().filter_map(|needed| absence(*needed, capabilities)).collect();
    if missing.is_empty() {
        Gate::Open
    } else {
        Gate::Closed { verdict: Verdict::NotSupported, reason: missing.join("; ") }
    }
}

/// Why a capability cannot be relied on; none when it is there. One that nobody looked for is absent.
fn absence(needed: Capability, capabilities: &BTreeMap<Capability, Presence>) -> Option<String> {
    match capabilities.get(&needed) {
        Some(Presence::Present { .. }) => None,
        Some(Presence::Absent { proof }) => Some(format!("needs {needed}: {proof}")),
        None => Some(format!("needs {needed}: nobody looked for it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Address, Tags};

    fn entry(tags: &[&str]) -> Entry {
        Entry {
            address: Address { path: "x.feature".into(), line: 3 },
            feature: "Mutual TLS".into(),
            name: "Plaintext is refused".into(),
            tags: Tags::parse(tags.iter().copied()).unwrap(),
            steps: Vec::new(),
        }
    }

    fn capabilities() -> BTreeMap<Capability, Presence> {
        BTreeMap::from([
            (
                Capability::Istio,
                Presence::Present { version: "1.31".into(), proof: "ready".into() },
            ),
            (Capability::Falco, Presence::Absent { proof: "no daemon set falco".into() }),
        ])
    }

    #[test]
    fn what_the_cluster_can_show_runs() {
        assert_eq!(
            decide(&entry(&["requires.istio"]), &capabilities(), &Skips::default()),
            Gate::Open
        );
        assert_eq!(decide(&entry(&[]), &capabilities(), &Skips::default()), Gate::Open);
    }

    #[test]
    fn what_it_cannot_is_not_supported_with_the_proof() {
        let expected = Gate::Closed {
            verdict: Verdict::NotSupported,
            reason: "needs falco: no daemon set falco".into(),
        };
        assert_eq!(
            decide(
                &entry(&["requires.istio", "requires.falco"]),
                &capabilities(),
                &Skips::default()
            ),
            expected
        );
    }

    #[test]
    fn a_capability_nobody_looked_for_is_absent() {
        assert!(matches!(
            decide(&entry(&["requires.loki"]), &capabilities(), &Skips::default()),
            Gate::Closed { verdict: Verdict::NotSupported, .. }
        ));
    }

    #[test]
    fn a_skip_says_who_why_and_until_when() {
        let skips = Skips::parse("- {feature: Mutual TLS, scenario: Plaintext is refused, who: ann, why: upgrade under way, until: 2999-01-01}").unwrap();
        let expected = Gate::Closed {
            verdict: Verdict::Skipped,
            reason: "skipped by ann until 2999-01-01: upgrade under way".into(),
        };
        assert_eq!(decide(&entry(&[]), &capabilities(), &skips), expected);
    }
}
