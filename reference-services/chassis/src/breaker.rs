//! A circuit breaker: after some failures in a row nobody asks any more for a while, then a few try again.
//!
//! Our own, because the maintained ones are either middleware of tower (our calls are plain functions) or judge by a failure rate
//! and do not say what state they are in; what we need is the small machine in `state`, and its state as a metric.

mod state;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};
use tokio::time::Instant;

use state::{Machine, Round};

/// When a breaker opens and how it closes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it stays open.
    pub open_for: Duration,
    /// Calls that are then let through; it closes when all of them succeed and opens again when one fails.
    pub half_open_calls: u32,
}

/// The state of the breakers of a service, by the name of what they guard: `circuit_breaker_state{name}`.
#[derive(Debug, Clone, Default)]
pub struct BreakerStates(Family<[(&'static str, &'static str); 1], Gauge>);

impl BreakerStates {
    /// Registers the metric.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let states = Self::default();
        let help = "State of a circuit breaker: 0 closed, 1 half-open, 2 open";
        registry.register("circuit_breaker_state", help, states.0.clone());
        states
    }
}

/// The breaker is open: nobody was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the circuit breaker of {name} is open")]
pub struct Open {
    /// What it guards.
    pub name: &'static str,
    /// When calls are let through again; zero while the calls that probe are under way.
    pub retry_after: Duration,
}

/// Guards calls to something that may be away. Cheap to clone; clones are one breaker.
#[derive(Clone)]
pub struct Breaker {
    name: &'static str,
    machine: Arc<Mutex<Machine>>,
    state: Gauge,
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(name: &'static str, settings: BreakerSettings, states: &BreakerStates) -> Self {
        let state = states.0.get_or_create_owned(&[("name", name)]);
        Self { name, machine: Arc::new(Mutex::new(Machine::new(settings))), state }
    }

    /// The right to make one call.
    pub fn try_acquire(&self) -> Result<Permit, Open> {
        let admitted = self.step(Machine::admit);
        match admitted {
            Ok(round) => Ok(Permit { breaker: self.clone(), round, is_reported: false }),
            Err(retry_after) => Err(Open { name: self.name, retry_after }),
        }
    }

    fn step<T>(&self, step: impl FnOnce(&mut Machine, Instant) -> T) -> T {
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = step(&mut machine, Instant::now());
        self.state.set(machine.level());
        outcome
    }
}

/// The right to make one call. Say how it ended; a call that was abandoned counts neither way.
#[must_use = "a permit that is dropped says nothing about the call"]
pub struct Permit {
    breaker: Breaker,
    round: Round,
    is_reported: bool,
}

impl Permit {
    /// The callee answered.
    pub fn succeeded(mut self) {
        self.is_reported = true;
        self.breaker.step(|machine, now| machine.succeeded(self.round, now));
    }

    /// The callee did not answer, or said that it cannot.
    pub fn failed(mut self) {
        self.is_reported = true;
        self.breaker.step(|machine, now| machine.failed(self.round, now));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.is_reported {
            self.breaker.step(|machine, _| machine.abandoned(self.round));
        }
    }
}
