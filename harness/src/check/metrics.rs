//! How far a counter moved.

use super::{Checked, judge};

/// A counter before and after.
#[derive(Debug, Clone, Copy)]
pub struct Movement {
    /// Value before the scenario acted.
    pub before: f64,
    /// Value after.
    pub after: f64,
}

impl Movement {
    /// By how much it moved.
    #[must_use]
    pub fn increase(self) -> f64 {
        self.after - self.before
    }
}

/// The counter moved by exactly this much.
pub fn increased_by(expected: f64) -> impl Fn(&Movement) -> Checked {
    move |movement| {
        // Counters of events are whole; sums of dollars come back rounded to cents.
        let exact = (movement.increase() - expected).abs() < 0.005;
        judge(
            exact,
            format!("an increase of {expected}"),
            format!("{} (from {} to {})", movement.increase(), movement.before, movement.after),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_or_one_less_is_a_mismatch() {
        let by = |after| increased_by(7.0)(&Movement { before: 5.0, after });
        assert!(by(12.0).is_ok());
        assert!(by(11.0).unwrap_err().to_string().contains("an increase of 7, but saw 6"));
        assert!(by(13.0).is_err());
    }

    #[test]
    fn a_counter_that_is_not_there_has_not_moved() {
        assert!(increased_by(1.0)(&Movement { before: 0.0, after: 0.0 }).is_err());
    }
}
