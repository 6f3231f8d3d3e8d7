//! Whether a scenario runs: a scenario that does not is reported with its verdict and the reason, never dropped.

use std::collections::BTreeMap;

use crate::capability::{Capability, Presence};
use crate::profile::Profile;
use crate::verdict::Verdict;

use super::{Entry, Skips};

/// The decision about one scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// It runs.
    Open,
    /// It does not.
    Closed {
        /// `not_supported`, `not_applicable`, `skipped`, or `failed` for what is there and does not work.
        verdict: Verdict,
        /// The proof of absence, why it has no meaning, what is broken, or who skipped it and why.
        reason: String,
    },
}

/// Decides from what the cluster can do, what has a meaning on it, and what somebody chose to skip.
#[must_use]
pub fn decide(
    entry: &Entry,
    capabilities: &BTreeMap<Capability, Presence>,
    skips: &Skips,
    profile: &Profile,
) -> Gate {
    if let Some(why) = profile.not_applicable(entry) {
        let reason = format!("has no meaning for profile {}: {why}", profile.name());
        return Gate::Closed { verdict: Verdict::NotApplicable, reason };
    }
    if let Some(skip) = skips.find(&entry.feature, &entry.name) {
        return Gate::Closed { verdict: Verdict::Skipped, reason: skip.to_string() };
    }
    let state = |needed: &Capability| (*needed, capabilities.get(needed));
    let needs: Vec<_> = entry.tags.requires.iter().map(state).collect();
    let absent: Vec<String> = needs.iter().filter_map(absence).collect();
    if !absent.is_empty() {
        return Gate::Closed { verdict: Verdict::NotSupported, reason: absent.join("; ") };
    }
    let broken: Vec<String> = needs.iter().filter_map(breakage).collect();
    if broken.is_empty() {
        Gate::Open
    } else {
        Gate::Closed { verdict: Verdict::Failed, reason: broken.join("; ") }
    }
}

/// Why a capability cannot be shown. One that nobody looked for is absent.
fn absence((needed, presence): &(Capability, Option<&Presence>)) -> Option<String> {
    match presence {
        Some(Presence::Present { .. } | Presence::Broken { .. }) => None,
        Some(Presence::Absent { proof }) => Some(format!("needs {needed}: {proof}")),
        None => Some(format!("needs {needed}: nobody looked for it")),
    }
}

/// Why a capability that is there fails whoever needs it.
fn breakage((needed, presence): &(Capability, Option<&Presence>)) -> Option<String> {
    match presence {
        Some(Presence::Broken { proof }) => {
            Some(format!("expected a working {needed}, but saw: {proof}"))
        }
        Some(Presence::Present { .. } | Presence::Absent { .. }) | None => None,
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
            (Capability::Traces, Presence::Broken { proof: "0 of 1 ready".into() }),
            (Capability::Falco, Presence::Absent { proof: "no daemon set falco".into() }),
        ])
    }

    fn gate(tags: &[&str]) -> Gate {
        decide(&entry(tags), &capabilities(), &Skips::default(), &Profile::default())
    }

    #[test]
    fn what_the_cluster_can_show_runs() {
        assert_eq!(gate(&["requires.istio"]), Gate::Open);
        assert_eq!(gate(&[]), Gate::Open);
    }

    #[test]
    fn what_it_cannot_is_not_supported_with_the_proof() {
        let expected = Gate::Closed {
            verdict: Verdict::NotSupported,
            reason: "needs falco: no daemon set falco".into(),
        };
        assert_eq!(gate(&["requires.istio", "requires.falco"]), expected);
    }

    #[test]
    fn what_is_there_and_does_not_work_fails_whoever_needs_it() {
        let expected = Gate::Closed {
            verdict: Verdict::Failed,
            reason: "expected a working traces, but saw: 0 of 1 ready".into(),
        };
        assert_eq!(gate(&["requires.istio", "requires.traces"]), expected);
        assert!(matches!(
            gate(&["requires.traces", "requires.falco"]),
            Gate::Closed { verdict: Verdict::NotSupported, .. }
        ));
    }

    #[test]
    fn a_capability_nobody_looked_for_is_absent() {
        assert!(matches!(
            gate(&["requires.loki"]),
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
        let profile = Profile::default();
        assert_eq!(decide(&entry(&[]), &capabilities(), &skips, &profile), expected);
    }

    #[test]
    fn what_the_profile_declares_without_meaning_is_not_applicable_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let profiles = "any: {}
mesh-of-others:
  not_applicable:
    - {feature: Mutual TLS, scenario: Plaintext is refused, why: the mesh is ambient}
";
        std::fs::write(folder.path().join("profiles.yaml"), profiles).unwrap();
        let gate = |name: &str| {
            let profile = Profile::read(folder.path(), name).unwrap();
            decide(&entry(&["requires.istio"]), &capabilities(), &Skips::default(), &profile)
        };
        let expected = Gate::Closed {
            verdict: Verdict::NotApplicable,
            reason: "has no meaning for profile mesh-of-others: the mesh is ambient".into(),
        };
        assert_eq!(gate("mesh-of-others"), expected);
        assert_eq!(gate("any"), Gate::Open);
    }
}
