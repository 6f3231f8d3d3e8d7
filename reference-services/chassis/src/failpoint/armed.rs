//! What is armed, and the end of the process.

use std::{
    collections::HashMap,
    io::Write as _,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use nix::sys::signal::{Signal, raise};

const VARIABLE: &str = "ECOTRACK_FAILPOINTS";

static ARMED: LazyLock<Points> =
    LazyLock::new(|| Points::parse(&std::env::var(VARIABLE).unwrap_or_default()));

pub(super) fn hit(name: &str) {
    if ARMED.is_due(name) {
        die(name);
    }
}

/// How many more times each point is passed before it is due.
struct Points(HashMap<String, AtomicU64>);

impl Points {
    /// A number that cannot be read arms nothing: the test waits for a death in vain and says so.
    fn parse(text: &str) -> Self {
        let point = |entry: &str| match entry.trim().split_once(':') {
            None => Some((entry.trim().to_owned(), AtomicU64::new(1))),
            Some((name, nth)) => Some((name.to_owned(), AtomicU64::new(nth.parse().ok()?))),
        };
        Self(text.split(',').filter(|entry| !entry.trim().is_empty()).filter_map(point).collect())
    }

    fn is_due(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|left| left.fetch_sub(1, Ordering::Relaxed) == 1)
    }
}

/// No destructor, no flush, no goodbye; only the name, so that a test knows where it ended.
fn die(name: &str) -> ! {
    writeln!(std::io::stderr(), "failpoint {name}").ok();
    raise(Signal::SIGKILL).ok();
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_due_at_its_nth_time_and_only_then() {
        let points = Points::parse("a, b:3");
        assert_eq!([(); 3].map(|()| points.is_due("a")), [true, false, false]);
        assert_eq!([(); 4].map(|()| points.is_due("b")), [false, false, true, false]);
        assert!(!points.is_due("c"));
    }

    #[test]
    fn nothing_is_armed_by_an_empty_or_unreadable_word() {
        for text in ["", ",", "a:x", "a:"] {
            assert!(!Points::parse(text).is_due("a"), "{text:?}");
        }
    }
}
