//! What Redis has still to hear of: the latest change of each key, so many keys at most.

use std::collections::{BTreeMap, HashMap};

use redis::Cmd;
use tokio::time::Instant;

/// Most keys that wait for Redis.
const MOST: usize = 10_000;

/// A change that ends what is cached, safe to be sent twice.
pub(super) struct Change {
    pub(super) key: String,
    pub(super) command: Cmd,
    /// When what it ends has ended by itself.
    pub(super) until: Instant,
}

/// Changes in the order in which they came.
#[derive(Default)]
pub(super) struct Owed {
    by_age: BTreeMap<u64, Change>,
    ages: HashMap<String, u64>,
    next: u64,
}

impl Owed {
    /// Adds a change in place of an earlier one of its key. Says the oldest one when it had to make room.
    pub(super) fn add(&mut self, change: Change) -> Option<Change> {
        if let Some(earlier) = self.ages.insert(change.key.clone(), self.next) {
            self.by_age.remove(&earlier);
        }
        self.by_age.insert(self.next, change);
        self.next += 1;
        if self.by_age.len() > MOST { self.pop() } else { None }
    }

    /// Adds a change that could not be sent, unless there is a newer one of its key.
    pub(super) fn put_back(&mut self, change: Change) -> Option<Change> {
        if self.ages.contains_key(&change.key) { None } else { self.add(change) }
    }

    /// The oldest change that still matters.
    pub(super) fn next_due(&mut self, now: Instant) -> Option<Change> {
        std::iter::from_fn(|| self.pop()).find(|change| now < change.until)
    }

    fn pop(&mut self) -> Option<Change> {
        let (_, change) = self.by_age.pop_first()?;
        self.ages.remove(&change.key);
        Some(change)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn change(key: &str, life: Duration) -> Change {
        Change { key: key.to_owned(), command: Cmd::new(), until: Instant::now() + life }
    }

    fn keys(owed: &mut Owed) -> Vec<String> {
        std::iter::from_fn(|| owed.next_due(Instant::now())).map(|change| change.key).collect()
    }

    #[test]
    fn of_each_key_the_latest_change_is_kept() {
        let mut owed = Owed::default();
        for key in ["a", "b", "a"] {
            owed.add(change(key, Duration::from_mins(1)));
        }
        owed.put_back(change("b", Duration::from_mins(1)));
        assert_eq!(keys(&mut owed), ["b", "a"]);
    }

    #[test]
    fn what_has_ended_by_itself_is_forgotten() {
        let mut owed = Owed::default();
        owed.add(change("over", Duration::ZERO));
        owed.add(change("due", Duration::from_mins(1)));
        assert_eq!(keys(&mut owed), ["due"]);
        assert!(owed.ages.is_empty());
    }

    #[test]
    fn beyond_the_bound_the_oldest_is_given_up() {
        let mut owed = Owed::default();
        for index in 0..MOST {
            assert!(owed.add(change(&index.to_string(), Duration::from_mins(1))).is_none());
        }
        let given_up = owed.add(change("one more", Duration::from_mins(1)));
        assert_eq!(given_up.map(|change| change.key).as_deref(), Some("0"));
        assert_eq!(keys(&mut owed).len(), MOST);
    }
}
