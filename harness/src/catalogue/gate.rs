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
        /// `not_supported`, `skipped`, or `failed` for what is there and does not work.
        verdict: Verdict,
        /// The proof of absence, what is broken, or who skipped it and why.
        reason: String,
    },
}

/// Decides from what the cluster can do and from what somebody chose to skip.
#[must_use]
pub fn decide(entry: &Entry, capabilities: &BTreeMap<Capability, Presence>, skips: &Skips) -> Gate {
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
    fn what_is_there_and_does_not_work_fails_whoever_needs_it() {
        let expected = Gate::Closed {
            verdict: Verdict::Failed,
            reason: "expected a working traces, but saw: 0 of 1 ready".into(),
        };
        let needing = |tags: &[&str]| decide(&entry(tags), &capabilities(), &Skips::default());
        assert_eq!(needing(&["requires.istio", "requires.traces"]), expected);
        assert!(matches!(
            needing(&["requires.traces", "requires.falco"]),
            Gate::Closed { verdict: Verdict::NotSupported, .. }
        ));
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
