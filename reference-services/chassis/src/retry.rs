//! Trying again: with pauses that grow and spread, and never so often that it makes bad things worse.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use backon::{BackoffBuilder as _, ExponentialBuilder};

/// What a request adds to the budget: one retry per ten requests.
const SHARE: f64 = 0.1;
/// Retries that are there from the beginning, and that a quiet time saves up at most.
const SAVINGS: f64 = 10.0;

/// How often and with what pauses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Attempts in all.
    pub attempts: usize,
    /// Longest first pause.
    pub first: Duration,
    /// How much longer each next pause may be.
    pub factor: f32,
    /// Longest pause of all.
    pub longest: Duration,
}

/// For the database.
pub const DATABASE: Policy = Policy {
    attempts: 3,
    first: Duration::from_millis(50),
    factor: 2.0,
    longest: Duration::from_secs(5),
};

/// For other services and providers, where repeating is safe.
pub const EXTERNAL: Policy = Policy {
    attempts: 5,
    first: Duration::from_millis(50),
    factor: 1.5,
    longest: Duration::from_secs(30),
};

impl Policy {
    /// The pauses between the attempts, with full jitter: each is anything from nothing to its longest, so that those who failed
    /// together do not come back together.
    pub fn pauses(&self) -> impl Iterator<Item = Duration> + Send + Sync + Unpin + use<> {
        ExponentialBuilder::default()
            .with_min_delay(self.first)
            .with_factor(self.factor)
            .with_max_delay(self.longest)
            .with_max_times(self.attempts.saturating_sub(1))
            .build()
            .map(|pause| pause.mul_f64(rand::random()))
    }
}

/// At most one of ten requests is a retry, in the long run. Clones share it.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Mutex<f64>>);

impl Default for Budget {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(SAVINGS)))
    }
}

impl Budget {
    /// Notes a first attempt.
    pub fn deposit(&self) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *tokens = (*tokens + SHARE).min(SAVINGS);
    }

    /// Pays for a retry, if there is enough.
    #[must_use]
    pub fn withdraw(&self) -> bool {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_enough = *tokens >= 1.0;
        if is_enough {
            *tokens -= 1.0;
        }
        is_enough
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn the_policies_are_as_agreed() {
        assert_eq!((DATABASE.pauses().count(), EXTERNAL.pauses().count()), (2, 4));
    }

    proptest! {
        #[test]
        fn a_pause_is_never_longer_than_agreed(attempts in 1_usize..40, factor in 1.0_f32..3.0) {
            let policy = Policy { attempts, factor, ..DATABASE };
            let mut longest = policy.first.as_secs_f64();
            for pause in policy.pauses() {
                prop_assert!(pause <= policy.longest);
                prop_assert!(pause.as_secs_f64() <= longest * 1.001);
                longest *= f64::from(factor);
            }
        }

        #[test]
        fn retries_are_a_tenth_of_requests_at_most(wants in vec(any::<bool>(), 0..2_000)) {
            let budget = Budget::default();
            let mut retries = 0_u32;
            for (requests, wants_retry) in (1_u32..).zip(wants) {
                budget.deposit();
                retries += u32::from(wants_retry && budget.withdraw());
                prop_assert!(f64::from(retries) <= SAVINGS + SHARE * f64::from(requests) + 1e-6);
            }
        }
    }
}
