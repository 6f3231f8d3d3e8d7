//! The breaker's state machine: pure, told the time.

use std::time::Duration;

use tokio::time::Instant;

use super::BreakerSettings;

/// Distinguishes the times between two changes of state: what a call of an earlier one came to says nothing about now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Round(u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    HalfOpen { under_way: u32, succeeded: u32 },
}

#[derive(Debug)]
pub(super) struct Machine {
    settings: BreakerSettings,
    state: State,
    round: Round,
}

impl Machine {
    pub(super) const fn new(settings: BreakerSettings) -> Self {
        Self { settings, state: State::Closed { failures: 0 }, round: Round(0) }
    }

    /// Lets a call through, or says how long to wait.
    pub(super) fn admit(&mut self, now: Instant) -> Result<Round, Duration> {
        if let State::Open { until } = self.state {
            if now < until {
                return Err(until - now);
            }
            self.enter(State::HalfOpen { under_way: 0, succeeded: 0 });
        }
        if let State::HalfOpen { under_way, succeeded } = &mut self.state {
            if *under_way + *succeeded >= self.settings.half_open_calls.max(1) {
                return Err(Duration::ZERO);
            }
            *under_way += 1;
        }
        Ok(self.round)
    }

    pub(super) fn succeeded(&mut self, round: Round, _: Instant) {
        if round != self.round {
            return;
        }
        match &mut self.state {
            State::Closed { failures } => *failures = 0,
            State::HalfOpen { under_way, succeeded } => {
                *under_way -= 1;
                *succeeded += 1;
                if *succeeded >= self.settings.half_open_calls.max(1) {
                    self.enter(State::Closed { failures: 0 });
                }
            }
            State::Open { .. } => {}
        }
    }

    pub(super) fn failed(&mut self, round: Round, now: Instant) {
        if round != self.round {
            return;
        }
        let open = State::Open { until: now + self.settings.open_for };
        match &mut self.state {
            State::Closed { failures } => {
                *failures += 1;
                if *failures >= self.settings.failures.max(1) {
                    self.enter(open);
                }
            }
            State::HalfOpen { .. } => self.enter(open),
            State::Open { .. } => {}
        }
    }

    /// Gives the place back, so that a caller who left does not keep the breaker half-open for ever.
    pub(super) fn abandoned(&mut self, round: Round) {
        if round == self.round
            && let State::HalfOpen { under_way, .. } = &mut self.state
        {
            *under_way -= 1;
        }
    }

    /// 0 closed, 1 half-open, 2 open.
    pub(super) const fn level(&self) -> i64 {
        match self.state {
            State::Closed { .. } => 0,
            State::HalfOpen { .. } => 1,
            State::Open { .. } => 2,
        }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.round = Round(self.round.0 + 1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const SETTINGS: BreakerSettings =
        BreakerSettings { failures: 3, open_for: Duration::from_secs(30), half_open_calls: 2 };

    fn opened(now: Instant) -> Machine {
        let mut machine = Machine::new(SETTINGS);
        for _ in 0..SETTINGS.failures {
            let round = machine.admit(now).unwrap();
            machine.failed(round, now);
        }
        machine
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let (mut machine, now) = (Machine::new(SETTINGS), Instant::now());
        let round = machine.admit(now).unwrap();
        machine.failed(round, now);
        machine.failed(round, now);
        machine.succeeded(round, now);
        machine.failed(round, now);
        machine.failed(round, now);
        assert_eq!(machine.level(), 0);
        machine.failed(round, now);
        assert_eq!(machine.level(), 2);
    }

    #[test]
    fn it_is_open_for_as_long_as_it_says() {
        let now = Instant::now();
        let mut machine = opened(now);
        assert_eq!(machine.admit(now), Err(SETTINGS.open_for));
        let almost = now + SETTINGS.open_for - Duration::from_nanos(1);
        assert_eq!(machine.admit(almost), Err(Duration::from_nanos(1)));
        assert!(machine.admit(now + SETTINGS.open_for).is_ok());
    }

    #[test]
    fn a_few_calls_probe_and_one_failure_among_them_opens_it_again() {
        let now = Instant::now();
        let mut machine = opened(now);
        let later = now + SETTINGS.open_for;
        let rounds = [machine.admit(later).unwrap(), machine.admit(later).unwrap()];
        assert_eq!(machine.admit(later), Err(Duration::ZERO));
        machine.succeeded(rounds[0], later);
        assert_eq!(machine.level(), 1);
        machine.failed(rounds[1], later);
        assert_eq!(machine.admit(later), Err(SETTINGS.open_for));
    }

    #[test]
    fn an_answer_from_before_it_opened_does_not_close_it() {
        let now = Instant::now();
        let mut machine = Machine::new(SETTINGS);
        let early = machine.admit(now).unwrap();
        for _ in 0..SETTINGS.failures {
            machine.failed(early, now);
        }
        let later = now + SETTINGS.open_for;
        let probe = machine.admit(later).unwrap();
        machine.succeeded(early, later);
        machine.succeeded(early, later);
        assert_eq!(machine.level(), 1);
        machine.succeeded(probe, later);
        assert_eq!(machine.level(), 1, "one of two probes is not enough");
    }

    #[derive(Debug, Clone)]
    enum Step {
        Call,
        Succeed(prop::sample::Index),
        Fail(prop::sample::Index),
        Abandon(prop::sample::Index),
        Wait(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => Just(Step::Call),
            2 => any::<prop::sample::Index>().prop_map(Step::Succeed),
            3 => any::<prop::sample::Index>().prop_map(Step::Fail),
            1 => any::<prop::sample::Index>().prop_map(Step::Abandon),
            1 => (0_u64..40).prop_map(Step::Wait),
        ]
    }

    proptest! {
        #[test]
        fn whatever_happens_it_never_sticks_and_never_lets_too_many_probe(steps in vec(step(), 0..200)) {
            let (mut machine, mut now, mut calls) = (Machine::new(SETTINGS), Instant::now(), Vec::new());
            for step in steps {
                match step {
                    Step::Call => {
                        let was = machine.level();
                        match machine.admit(now) {
                            Ok(round) => calls.push(round),
                            Err(wait) => {
                                prop_assert!(was > 0, "a closed breaker refused");
                                prop_assert!(wait <= SETTINGS.open_for);
                            }
                        }
                    }
                    Step::Succeed(which) if !calls.is_empty() => {
                        let round = calls.swap_remove(which.index(calls.len()));
                        let was = machine.level();
                        machine.succeeded(round, now);
                        prop_assert!(machine.level() <= was, "a success opened it");
                    }
                    Step::Fail(which) if !calls.is_empty() => {
                        let round = calls.swap_remove(which.index(calls.len()));
                        let was = machine.level();
                        machine.failed(round, now);
                        prop_assert!(machine.level() >= was, "a failure closed it");
                    }
                    Step::Abandon(which) if !calls.is_empty() => {
                        machine.abandoned(calls.swap_remove(which.index(calls.len())));
                    }
                    Step::Wait(seconds) => now += Duration::from_secs(seconds),
                    Step::Succeed(_) | Step::Fail(_) | Step::Abandon(_) => {}
                }
                let probing = calls.iter().filter(|round| **round == machine.round).count();
                prop_assert!(machine.level() == 0 || probing <= SETTINGS.half_open_calls as usize);
            }
            // Whoever is left goes away; then healthy calls close it.
            for round in calls {
                machine.abandoned(round);
            }
            now += SETTINGS.open_for;
            for _ in 0..SETTINGS.half_open_calls {
                if let Ok(round) = machine.admit(now) {
                    machine.succeeded(round, now);
                }
            }
            prop_assert_eq!(machine.level(), 0);
        }
    }
}
