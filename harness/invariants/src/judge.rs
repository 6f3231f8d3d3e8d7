//! The invariants: pure functions from a history to what is wrong with it.
//!
//! Each module is one invariant. A violation names what it is about, what was expected, what was seen and who is the likely
//! culprit. What is allowed although it looks odd is listed apart, as an anomaly: a duplicate on the wire is one.

mod acknowledged_writes;
mod delivery;
mod effects;
pub mod facts;
mod kept;
mod offsets;
mod once;
mod paths;
mod refused_writes;
mod replica;
mod stock;
mod telemetry;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::history::History;
use facts::Facts;

/// What must always hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Invariant {
    /// What a client was told is done is there, byte for byte.
    I1,
    /// What a client was told is refused left nothing.
    I2,
    /// One order per key, one charge per order, and the sums agree.
    I3,
    /// What was committed is published, and nothing else is.
    I4,
    /// Each event has exactly one effect on each consumer.
    I5,
    /// Stock is neither made nor lost.
    I6,
    /// Each aggregate lives a legal life, told in order.
    I7,
    /// No consumer is further than its effects.
    I8,
    /// The replica is only for looking.
    I9,
    /// What was done can be followed in traces and logs.
    I10,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// What it is about: ids of operations, orders, events, places in topics.
    pub ids: Vec<String>,
    /// What had to be.
    pub expected: String,
    /// What is.
    pub seen: String,
    /// Where to look first.
    pub culprit: String,
}

/// Something odd that is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anomaly {
    /// What it is about.
    pub ids: Vec<String>,
    /// What was seen and why it is allowed.
    pub seen: String,
}

/// What an invariant found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Cases that were looked at: the n of "none of n".
    pub examined: u64,
    /// What must not be.
    pub violations: Vec<Violation>,
    /// What is odd and allowed.
    pub anomalies: Vec<Anomaly>,
    /// What could not be judged, and why.
    pub not_judged: Vec<String>,
}

impl Invariant {
    /// Every invariant.
    pub const ALL: [Self; 10] = [
        Self::I1,
        Self::I2,
        Self::I3,
        Self::I4,
        Self::I5,
        Self::I6,
        Self::I7,
        Self::I8,
        Self::I9,
        Self::I10,
    ];

    /// What it says, in a line.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::I1 => "every acknowledged write is there, byte for byte",
            Self::I2 => "no row stems from a refused write",
            Self::I3 => "one order per key, one charge per order, sums agree",
            Self::I4 => "committed events are in Kafka, and no others",
            Self::I5 => "each event has exactly one effect on each consumer",
            Self::I6 => "stock: supplied = available + reserved + sold",
            Self::I7 => "legal lives, offsets in the order of versions",
            Self::I8 => "no committed offset is beyond its effects",
            Self::I9 => "sessions never go back, replica decides nothing",
            Self::I10 => "each acknowledged write has its trace and log line",
        }
    }

    /// Holds it against a history.
    #[must_use]
    pub fn judge(self, history: &History) -> Findings {
        self.judge_facts(&Facts::of(history))
    }

    fn judge_facts(self, facts: &Facts<'_>) -> Findings {
        match self {
            Self::I1 => acknowledged_writes::judge(facts),
            Self::I2 => refused_writes::judge(facts),
            Self::I3 => once::judge(facts),
            Self::I4 => delivery::judge(facts),
            Self::I5 => effects::judge(facts),
            Self::I6 => stock::judge(facts),
            Self::I7 => paths::judge(facts),
            Self::I8 => offsets::judge(facts),
            Self::I9 => replica::judge(facts),
            Self::I10 => telemetry::judge(facts),
        }
    }
}

/// Holds several invariants against a history.
#[must_use]
pub fn judge_all(history: &History, invariants: &[Invariant]) -> Vec<(Invariant, Findings)> {
    let facts = Facts::of(history);
    invariants.iter().map(|invariant| (*invariant, invariant.judge_facts(&facts))).collect()
}

impl Findings {
    pub(crate) fn examine(&mut self) {
        self.examined += 1;
    }

    pub(crate) fn violation(
        &mut self,
        ids: &[&dyn fmt::Display],
        expected: impl Into<String>,
        seen: impl Into<String>,
        culprit: impl Into<String>,
    ) {
        self.violations.push(Violation {
            ids: names(ids),
            expected: expected.into(),
            seen: seen.into(),
            culprit: culprit.into(),
        });
    }

    pub(crate) fn anomaly(&mut self, ids: &[&dyn fmt::Display], seen: impl Into<String>) {
        self.anomalies.push(Anomaly { ids: names(ids), seen: seen.into() });
    }
}

fn names(ids: &[&dyn fmt::Display]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

impl fmt::Display for Invariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{self:?}"))
    }
}

impl FromStr for Invariant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_named = |invariant: &Self| invariant.to_string().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(is_named).ok_or_else(|| format!("`{text}` is none of I1 to I10"))
    }
}
