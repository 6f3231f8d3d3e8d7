//! How long a session lasts, and what a refresh token is worth.

use chrono::{DateTime, TimeDelta, Utc};

/// How long a session lives without being refreshed.
const IDLE: TimeDelta = TimeDelta::days(7);
/// How long it lives at most, however often it is refreshed.
const AT_MOST: TimeDelta = TimeDelta::days(30);

/// When a session ends that began at one time and was last refreshed at another.
pub(crate) fn end_of(started_at: DateTime<Utc>, refreshed_at: DateTime<Utc>) -> DateTime<Utc> {
    (refreshed_at + IDLE).min(started_at + AT_MOST)
}

/// What is known about a refresh token and its session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefreshState {
    pub(crate) is_used: bool,
    pub(crate) is_ended: bool,
    pub(crate) expires_at: DateTime<Utc>,
}

/// What a refresh token that is shown gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// New tokens.
    Refresh,
    /// Nothing.
    Refuse,
    /// Nothing, and its session ends: somebody else has used it before, and nobody can tell which of the two is the thief.
    Revoke,
}

impl RefreshState {
    /// What the token gets at a time.
    pub(crate) fn judge(&self, now: DateTime<Utc>) -> Verdict {
        match (self.is_ended, self.is_used) {
            (true, _) => Verdict::Refuse,
            (false, true) => Verdict::Revoke,
            (false, false) if self.expires_at <= now => Verdict::Refuse,
            (false, false) => Verdict::Refresh,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A session as the database keeps it: which tokens there were, and whether it has ended.
    #[derive(Default)]
    struct Family {
        used: Vec<bool>,
        is_ended: bool,
    }

    impl Family {
        fn show(&mut self, token: usize) -> Verdict {
            let state = RefreshState {
                is_used: self.used[token],
                is_ended: self.is_ended,
                expires_at: DateTime::<Utc>::MAX_UTC,
            };
            let verdict = state.judge(Utc::now());
            match verdict {
                Verdict::Refresh => {
                    self.used[token] = true;
                    self.used.push(false);
                }
                Verdict::Revoke => self.is_ended = true,
                Verdict::Refuse => {}
            }
            verdict
        }
    }

    proptest! {
        #[test]
        fn the_first_reuse_ends_the_family_for_good(shown in prop::collection::vec(any::<prop::sample::Index>(), 1..40)) {
            let mut family = Family { used: vec![false], is_ended: false };
            let mut is_over = false;
            for index in shown {
                let token = index.index(family.used.len());
                let is_newest = token + 1 == family.used.len();
                let verdict = family.show(token);
                prop_assert_eq!(verdict == Verdict::Refresh, is_newest && !is_over);
                is_over |= !is_newest;
                prop_assert_eq!(family.is_ended, is_over);
            }
        }

        #[test]
        fn no_refreshing_outlives_the_longest_session(days in prop::collection::vec(0_i64..7, 0..60)) {
            let started = Utc::now();
            let (mut now, mut end) = (started, end_of(started, started));
            for day in days {
                now += TimeDelta::days(day);
                if now >= end { break }
                end = end_of(started, now);
                prop_assert!(end <= started + AT_MOST && end > now);
            }
        }
    }

    #[test]
    fn an_expired_token_is_refused_without_ending_anything() {
        let state =
            RefreshState { is_used: false, is_ended: false, expires_at: DateTime::UNIX_EPOCH };
        assert_eq!(state.judge(Utc::now()), Verdict::Refuse);
    }
}
