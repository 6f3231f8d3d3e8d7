//! How long things took.

use std::time::Duration;

use anyhow::Context as _;
use hdrhistogram::Histogram;

/// Significant digits that are kept.
const DIGITS: u8 = 3;
/// Longest that is told from longer, in microseconds.
const LONGEST: u64 = 600_000_000;

/// Durations, to the microsecond.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    pub fn new() -> anyhow::Result<Self> {
        Histogram::new_with_max(LONGEST, DIGITS).map(Self).context("cannot make a histogram")
    }

    /// Adds one.
    pub fn record(&mut self, took: Duration) {
        self.0.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Adds those of another.
    pub fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        self.0.add(&other.0).context("cannot add histograms")
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// What so large a part of them took at most, for example 0.99.
    #[must_use]
    pub fn quantile(&self, part: f64) -> Duration {
        Duration::from_micros(self.0.value_at_quantile(part))
    }
}

/// All of them as one.
pub fn merged<'a>(parts: impl IntoIterator<Item = &'a Latencies>) -> anyhow::Result<Latencies> {
    let mut all = Latencies::new()?;
    for part in parts {
        all.add(part)?;
    }
    Ok(all)
}

/// A duration in milliseconds, as reports show it.
#[must_use]
pub fn millis(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_taken_over_all_parts() {
        let (mut fast, mut slow) = (Latencies::new().unwrap(), Latencies::new().unwrap());
        for _ in 0..98 {
            fast.record(Duration::from_millis(1));
        }
        slow.record(Duration::from_millis(50));
        slow.record(Duration::from_millis(50));
        let all = merged([&fast, &slow]).unwrap();
        assert_eq!(all.count(), 100);
        assert_eq!(millis(all.quantile(0.5)), "1.00 ms");
        assert!(all.quantile(0.99) >= Duration::from_millis(50));
    }
}
