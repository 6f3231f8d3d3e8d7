//! How far a long lane is: a line now and then, for whoever waits.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

/// How often a line is written.
const EVERY: Duration = Duration::from_secs(10);

/// Steps of one kind, of which it is known how many there are.
#[derive(Debug)]
pub(crate) struct Progress {
    what: String,
    all: usize,
    done: usize,
    began: Instant,
    told_at: Option<Instant>,
}

impl Progress {
    /// Nothing is done yet; `what` is the steps' name, for example `kills`.
    pub(crate) fn of(what: &str, all: usize) -> Self {
        Self { what: what.to_owned(), all, done: 0, began: Instant::now(), told_at: None }
    }

    /// One more is done.
    pub(crate) fn step(&mut self) {
        self.done += 1;
        let is_due = self.told_at.is_none_or(|told_at| told_at.elapsed() >= EVERY);
        if is_due || self.done == self.all {
            self.tell("");
        }
    }

    /// One more is done, and what came of it is worth a line each time.
    pub(crate) fn step_to(&mut self, outcome: &str) {
        self.done += 1;
        self.tell(&format!(": {outcome}"));
    }

    fn tell(&mut self, outcome: &str) {
        self.told_at = Some(Instant::now());
        // Whoever reads no progress misses none.
        writeln!(std::io::stderr(), "{self}{outcome}").ok();
    }
}

impl std::fmt::Display for Progress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, all, done, began, .. } = self;
        write!(formatter, "[{:>5} s] {done} of {all} {what}", began.elapsed().as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_many_of_how_many() {
        let mut progress = Progress::of("kills", 250);
        progress.step();
        assert_eq!(progress.to_string(), "[    0 s] 1 of 250 kills");
    }
}
