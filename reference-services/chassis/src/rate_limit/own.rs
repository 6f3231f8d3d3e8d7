//! What this process has counted itself. A Redis that runs short of memory forgets counters, and whoever can make it run short could
//! try for ever.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Keys that are remembered at once. More come in a minute only from so many sources that Redis alone has to do.
const MOST_KEYS: usize = 50_000;

/// Tries of keys within their windows. Clones are one.
#[derive(Clone, Default)]
pub(super) struct OwnCounts(Arc<Mutex<HashMap<Arc<str>, Count>>>);

struct Count {
    tries: u32,
    ends: Instant,
}

impl OwnCounts {
    /// Counts a try and says the how-manieth it is. Its window is Redis' own, which lasts so long from now.
    pub(super) fn take(&self, key: &Arc<str>, left: Duration) -> u32 {
        let (mut counts, now) = (self.counts(), Instant::now());
        if counts.len() >= MOST_KEYS {
            counts.retain(|_, count| count.ends > now);
        }
        if counts.len() >= MOST_KEYS && !counts.contains_key(key) {
            return 0;
        }
        let fresh = || Count { tries: 0, ends: now + left };
        let count = counts.entry(Arc::clone(key)).or_insert_with(fresh);
        if count.ends <= now {
            *count = fresh();
        }
        count.tries = count.tries.saturating_add(1);
        count.tries
    }

    /// Uncounts a try.
    pub(super) fn give_back(&self, key: &str) {
        if let Some(count) = self.counts().get_mut(key) {
            count.tries = count.tries.saturating_sub(1);
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Arc<str>, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn tries_are_counted_within_a_window_and_anew_in_the_next() {
        let (counts, key) = (OwnCounts::default(), Arc::from("k"));
        assert_eq!((counts.take(&key, WINDOW), counts.take(&key, WINDOW)), (1, 2));
        counts.give_back(&key);
        assert_eq!(counts.take(&key, WINDOW), 2);
        tokio::time::advance(WINDOW).await;
        assert_eq!(counts.take(&key, WINDOW), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_room_for_so_many_keys_and_for_new_ones_when_windows_end() {
        let counts = OwnCounts::default();
        for number in 0..MOST_KEYS {
            counts.take(&number.to_string().into(), WINDOW);
        }
        assert_eq!(counts.take(&Arc::from("new"), WINDOW), 0);
        assert_eq!(counts.take(&Arc::from("0"), WINDOW), 2);
        tokio::time::advance(WINDOW).await;
        assert_eq!(counts.take(&Arc::from("new"), WINDOW), 1);
        assert_eq!(counts.counts().len(), 1);
    }
}
