//! A against B, interleaved, with the noise of A against itself.

use std::time::Duration;

use super::drive::Sample;
use crate::report::Report;

/// How long and how often.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    /// Rounds of A, B, B, A.
    pub(super) rounds: usize,
    /// Time of each of the four.
    pub(super) time: Duration,
}

impl Scale {
    /// Enough to be believed on a machine that does nothing else.
    pub(super) const fn full() -> Self {
        Self { rounds: 4, time: Duration::from_secs(4) }
    }

    /// Enough to see that it runs.
    pub(super) const fn smoke() -> Self {
        Self { rounds: 1, time: Duration::from_millis(500) }
    }
}

/// Which of the two is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// What is compared with.
    A,
    /// What is judged.
    B,
}

/// What the rounds came to.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    a: Vec<Sample>,
    b: Vec<Sample>,
}

impl Rounds {
    /// Measures A, B, B, A as often as the scale says.
    pub(super) async fn measure<F>(scale: &Scale, mut sample: F) -> anyhow::Result<Self>
    where
        F: AsyncFnMut(Side) -> anyhow::Result<Sample>,
    {
        let mut rounds = Self::default();
        for _ in 0..scale.rounds {
            for side in [Side::A, Side::B, Side::B, Side::A] {
                let taken = sample(side).await?;
                match side {
                    Side::A => rounds.a.push(taken),
                    Side::B => rounds.b.push(taken),
                }
            }
        }
        Ok(rounds)
    }

    /// Judges CPU of B over CPU of A, and shows what it rests on.
    pub(super) fn judge(&self, report: &mut Report, limit: f64, names: (&str, &str)) {
        let (a, b) = (
            median(self.a.iter().map(|sample| sample.cpu)),
            median(self.b.iter().map(|sample| sample.cpu)),
        );
        let ratio = b / a;
        report.judged(
            &format!("CPU of {} over {}", names.1, names.0),
            &format!("<= {limit}"),
            &format!("{ratio:.2}"),
            ratio <= limit,
        );
        report.noted(&format!("CPU s per 1,000, {}", names.0), &format!("{a:.4}"));
        report.noted(&format!("CPU s per 1,000, {}", names.1), &format!("{b:.4}"));
        report.noted(
            "noise: the same against itself, at most",
            &format!("{:.1} %", self.noise() * 100.0),
        );
        let rate =
            |samples: &[Sample]| format!("{:.0}", median(samples.iter().map(|sample| sample.rate)));
        report.noted(&format!("requests a second, {}", names.0), &rate(&self.a));
        report.noted(&format!("requests a second, {}", names.1), &rate(&self.b));
    }

    /// The widest gap between the two A of a round.
    fn noise(&self) -> f64 {
        let gap = |pair: &[Sample]| match pair {
            [first, second] => (first.cpu / second.cpu - 1.0).abs(),
            _ => 0.0,
        };
        self.a.chunks(2).map(gap).fold(0.0, f64::max)
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match (values.get(values.len() / 2), values.len() % 2, values.len().checked_sub(1)) {
        (Some(upper), 0, _) => {
            values.get(values.len() / 2 - 1).map_or(*upper, |lower| f64::midpoint(*lower, *upper))
        }
        (Some(middle), _, _) => *middle,
        (None, _, _) => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(cpu: f64) -> Sample {
        Sample { cpu, rate: 1.0 }
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert!((median([4.0, 1.0, 2.0, 3.0].into_iter()) - 2.5).abs() < 1e-9);
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < 1e-9);
        assert!(median(std::iter::empty()).is_nan());
    }

    #[test]
    fn a_ratio_beyond_its_limit_is_bad_and_nothing_measured_is_too() {
        let rounds =
            Rounds { a: vec![sample(1.0), sample(1.1)], b: vec![sample(2.0), sample(2.2)] };
        let mut report = Report::new("bench");
        rounds.judge(&mut report, 2.5, ("a", "b"));
        assert!(report.is_good());
        rounds.judge(&mut report, 1.5, ("a", "b"));
        assert!(!report.is_good());
        let mut empty = Report::new("bench");
        Rounds::default().judge(&mut empty, 2.0, ("a", "b"));
        assert!(!empty.is_good());
    }

    #[test]
    fn noise_is_the_widest_gap_of_the_same_against_itself() {
        let rounds =
            Rounds { a: vec![sample(1.0), sample(1.0), sample(1.2), sample(1.0)], b: Vec::new() };
        assert!((rounds.noise() - 0.2).abs() < 1e-9);
    }
}
