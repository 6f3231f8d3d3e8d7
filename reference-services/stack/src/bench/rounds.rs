//! A against B, interleaved, with the noise of A against itself.

use std::{fmt, time::Duration};

use crate::report::Report;

/// How long and how often, and whether ratios are judged.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Rounds of A, B, B, A.
    pub rounds: usize,
    /// Time of each of the four.
    pub time: Duration,
    /// Whether it is long enough for ratios to mean something.
    pub is_judged: bool,
}

/// What a ratio must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

/// Which of the two is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What is compared with.
    A,
    /// What is judged.
    B,
}

/// What the rounds came to.
#[derive(Debug, Clone)]
pub struct Rounds<T> {
    /// Samples of A, two a round.
    pub a: Vec<T>,
    /// Samples of B, two a round.
    pub b: Vec<T>,
}

/// One figure of both sides, B over A, and how far A is from itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Median of A.
    pub a: f64,
    /// Median of B.
    pub b: f64,
    /// Median of what the rounds came to, each by itself: whatever the machine did in other rounds does not count.
    pub value: f64,
    /// Median of the gaps between the two A of a round, as parts of the smaller.
    pub noise: f64,
}

impl Scale {
    /// Enough to be believed on a machine that does nothing else.
    #[must_use]
    pub const fn full() -> Self {
        Self { rounds: 4, time: Duration::from_secs(3), is_judged: true }
    }

    /// Enough to see that it runs.
    #[must_use]
    pub const fn smoke() -> Self {
        Self { rounds: 1, time: Duration::from_millis(300), is_judged: false }
    }

    /// The same time in more and shorter rounds, for figures that need no long time: a short disturbance spoils fewer of them.
    #[must_use]
    pub fn finer(&self) -> Self {
        Self { rounds: self.rounds * 3, time: self.time / 3, ..*self }
    }

    /// One of two measures: the first when it is to be believed.
    pub fn pick<T>(&self, full: T, smoke: T) -> T {
        if self.is_judged { full } else { smoke }
    }

    /// Adds a figure that has a limit. A short run shows it and judges no more than that there is one.
    pub fn judge(&self, report: &mut Report, name: &str, limit: Limit, figure: f64, shown: &str) {
        let unjudged = if self.is_judged { "" } else { ", too short to judge" };
        let is_good = if self.is_judged { limit.holds(figure) } else { figure.is_finite() };
        report.judged(name, &format!("{limit}{unjudged}"), shown, is_good);
    }

    /// Adds a ratio that has a limit.
    pub fn judge_ratio(&self, report: &mut Report, name: &str, limit: Limit, ratio: &Ratio) {
        let shown = format!("{:.2} (noise {:.0} %)", ratio.value, ratio.noise * 100.0);
        self.judge(report, name, limit, ratio.value, &shown);
    }
}

impl Limit {
    /// Whether a figure keeps to it. What could not be measured does not.
    #[must_use]
    pub fn holds(self, figure: f64) -> bool {
        match self {
            Self::AtMost(most) => figure <= most,
            Self::AtLeast(least) => figure >= least,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(formatter, "<= {most}"),
            Self::AtLeast(least) => write!(formatter, ">= {least}"),
        }
    }
}

impl<T> Rounds<T> {
    /// Measures A, B, B, A so many times.
    pub async fn measure<F>(rounds: usize, mut sample: F) -> anyhow::Result<Self>
    where
        F: AsyncFnMut(Side) -> anyhow::Result<T>,
    {
        let mut seen = Self { a: Vec::new(), b: Vec::new() };
        for _ in 0..rounds {
            for side in [Side::A, Side::B, Side::B, Side::A] {
                let taken = sample(side).await?;
                match side {
                    Side::A => seen.a.push(taken),
                    Side::B => seen.b.push(taken),
                }
            }
        }
        Ok(seen)
    }

    /// One figure of both sides.
    pub fn ratio(&self, figure: impl Fn(&T) -> f64) -> Ratio {
        let of = |samples: &[T]| samples.iter().map(&figure).collect::<Vec<_>>();
        let (a, b) = (of(&self.a), of(&self.b));
        let of_rounds = a.chunks(2).zip(b.chunks(2)).map(|(a, b)| total(b) / total(a));
        let value = median(of_rounds.collect());
        Ratio { value, noise: noise(&a), a: median(a), b: median(b) }
    }
}

fn total(values: &[f64]) -> f64 {
    values.iter().sum()
}

/// The usual gap between the two of a round.
fn noise(values: &[f64]) -> f64 {
    let gap = |pair: &[f64]| match pair {
        [first, second] => first.max(*second) / first.min(*second) - 1.0,
        _ => 0.0,
    };
    median(values.chunks(2).map(gap).collect())
}

/// The value in the middle; none of no values.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = |at: usize| values.get(at).copied().unwrap_or(f64::NAN);
    match values.len() {
        0 => f64::NAN,
        even if even.is_multiple_of(2) => f64::midpoint(middle(even / 2 - 1), middle(even / 2)),
        odd => middle(odd / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(a: &[f64], b: &[f64]) -> Rounds<f64> {
        Rounds { a: a.to_vec(), b: b.to_vec() }
    }

    fn judged(scale: Scale, limit: Limit, rounds: &Rounds<f64>) -> Report {
        let mut report = Report::new("bench");
        scale.judge_ratio(&mut report, "b over a", limit, &rounds.ratio(|figure| *figure));
        report
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn a_ratio_beyond_its_limit_is_bad_and_nothing_measured_is_too() {
        let twice = rounds(&[1.0, 1.1], &[2.0, 2.2]);
        assert!(judged(Scale::full(), Limit::AtMost(2.5), &twice).is_good());
        assert!(!judged(Scale::full(), Limit::AtMost(1.5), &twice).is_good());
        assert!(judged(Scale::full(), Limit::AtLeast(1.5), &twice).is_good());
        assert!(!judged(Scale::full(), Limit::AtLeast(2.5), &twice).is_good());
        assert!(!judged(Scale::full(), Limit::AtMost(2.5), &rounds(&[], &[])).is_good());
    }

    #[test]
    fn a_short_run_judges_only_that_there_is_a_figure() {
        let twice = rounds(&[1.0, 1.1], &[2.0, 2.2]);
        assert!(judged(Scale::smoke(), Limit::AtMost(1.5), &twice).is_good());
        assert!(!judged(Scale::smoke(), Limit::AtMost(1.5), &rounds(&[], &[])).is_good());
    }

    #[test]
    fn noise_is_the_usual_gap_of_the_same_against_itself() {
        let noisy = rounds(&[1.0, 1.0, 1.0, 1.2, 1.1, 1.0], &[]).ratio(|figure| *figure);
        assert!((noisy.noise - 0.1).abs() < 1e-9);
    }

    #[test]
    fn a_machine_that_slows_down_for_a_round_changes_no_ratio() {
        let slowed = rounds(&[1.0, 1.0, 3.0, 3.0, 1.0, 1.0], &[2.0, 2.0, 6.0, 6.0, 2.0, 2.0]);
        assert!((slowed.ratio(|figure| *figure).value - 2.0).abs() < 1e-9);
    }

    #[test]
    fn finer_rounds_take_the_same_time() {
        let (full, finer) = (Scale::full(), Scale::full().finer());
        assert_eq!(
            full.time * u32::try_from(full.rounds).unwrap(),
            finer.time * u32::try_from(finer.rounds).unwrap()
        );
    }

    #[tokio::test]
    async fn sides_are_interleaved() {
        let mut order = Vec::new();
        let seen = Rounds::measure(2, async |side| {
            order.push(side);
            Ok(order.len())
        });
        let seen = seen.await.unwrap();
        assert_eq!(seen.a, [1, 4, 5, 8]);
        assert_eq!(seen.b, [2, 3, 6, 7]);
    }
}
