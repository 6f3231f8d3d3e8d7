//! The state of one scenario: its ids, its evidence, and what its earlier steps left for later ones.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use conformance::evidence::{Evidence, Journal};
use conformance::fault::{self, Armed, Sabotage};
use conformance::scenario::Identity;
use conformance::suite::Suite;
use conformance::verdict::Outcome;

static SUITE: OnceLock<Arc<Suite>> = OnceLock::new();

/// One per scenario. Steps keep their own types in it with `remember` and find them with `recall`.
#[derive(cucumber::World)]
#[world(init = Self::begin)]
pub(crate) struct World {
    suite: Arc<Suite>,
    identity: Identity,
    journal: Journal,
    memory: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    faults: Vec<(Box<dyn Sabotage>, Armed)>,
}

impl World {
    /// Gives every world of this process its suite; the Gherkin runner makes worlds without arguments.
    pub(crate) fn install(suite: Arc<Suite>) -> anyhow::Result<()> {
        SUITE.set(suite).map_err(|_second| anyhow::anyhow!("the suite is already installed"))
    }

    fn begin() -> anyhow::Result<Self> {
        let suite = Arc::clone(SUITE.get().context("no suite is installed")?);
        let journal = Journal::new(suite.redactor().clone());
        Ok(Self {
            suite,
            identity: Identity::generate(),
            journal,
            memory: HashMap::new(),
            faults: Vec::new(),
        })
    }

    /// What all scenarios share.
    pub(crate) fn suite(&self) -> &Arc<Suite> {
        &self.suite
    }

    /// This scenario's own ids.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where evidence goes.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Keeps evidence with the current step.
    pub(crate) fn record(&self, evidence: Evidence) {
        self.journal.record(evidence);
    }

    /// Keeps a value for later steps, one per type; an earlier one of that type is replaced.
    pub(crate) fn remember<T: Send + Sync + 'static>(&mut self, value: T) {
        self.memory.insert(TypeId::of::<T>(), Box::new(value));
    }

    /// What an earlier step remembered.
    pub(crate) fn recall<T: 'static>(&self) -> anyhow::Result<&T> {
        let found = self.memory.get(&TypeId::of::<T>()).and_then(|value| value.downcast_ref());
        found.with_context(|| {
            format!("no earlier step of this scenario remembered a {}", short_name::<T>())
        })
    }

    /// As [`World::recall`], to change it.
    pub(crate) fn recall_mut<T: 'static>(&mut self) -> anyhow::Result<&mut T> {
        let found = self.memory.get_mut(&TypeId::of::<T>()).and_then(|value| value.downcast_mut());
        found.with_context(|| {
            format!("no earlier step of this scenario remembered a {}", short_name::<T>())
        })
    }

    /// Makes a fault and waits for the proof that it is in force. The scenario's end takes it back if no step does.
    pub(crate) async fn inject(&mut self, fault: impl Sabotage + 'static) -> Outcome {
        let asked = fault::arm(&self.suite, &fault);
        let query = format!("fault {}", fault.name());
        let (armed, _proof) =
            self.journal.asked("fault", query, asked, |(_, proof)| proof.clone()).await?;
        self.faults.push((Box::new(fault), armed));
        Ok(())
    }

    /// Takes every fault of the scenario back, the newest first, and waits for the proof that it is gone.
    pub(crate) async fn heal(&mut self) -> Outcome {
        while let Some((fault, armed)) = self.faults.pop() {
            let asked = fault::disarm(&self.suite, fault.as_ref(), armed);
            let query = format!("end of fault {}", fault.name());
            self.journal.asked("fault", query, asked, Clone::clone).await?;
        }
        Ok(())
    }
}

fn short_name<T>() -> &'static str {
    type_name::<T>().rsplit("::").next().unwrap_or("value")
}

impl std::fmt::Debug for World {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("World").field("identity", &self.identity).finish_non_exhaustive()
    }
}
