//! How often each answer came.

use std::{collections::BTreeMap, fmt};

use reqwest::StatusCode;

/// Answers by status; no answer counts as 0.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<u16, usize>);

impl Tally {
    pub(super) fn count(&mut self, status: Option<StatusCode>) {
        *self.0.entry(status.map_or(0, |status| status.as_u16())).or_default() += 1;
    }

    /// How many answers were none of these.
    pub(super) fn others(&self, expected: &[u16]) -> usize {
        self.0.iter().filter(|(status, _)| !expected.contains(status)).map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> =
            self.0.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        formatter.write_str(&parts.join(", "))
    }
}
