//! Runs a set of scenarios to the end.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError};

use conformance::catalogue::{Address, Catalogue};
use conformance::collected::Journals;
use conformance::report::model::ScenarioReport;
use conformance::report::terminal::Style;
use cucumber::World as _;
use cucumber::event::ScenarioFinished;
use cucumber::gherkin::Feature;
use futures::FutureExt as _;

use crate::collector::{Collector, Finished};
use crate::hooks;
use crate::parser::Prepared;
use crate::world::World;

/// How scenarios are run.
#[derive(Clone)]
pub(crate) struct Executor {
    pub(crate) catalogue: Catalogue,
    pub(crate) concurrency: NonZeroUsize,
    pub(crate) style: Style,
}

impl Executor {
    /// Runs these scenarios; their reports are in `finished` as they end, whatever becomes of the rest.
    pub(crate) async fn run(&self, wanted: &BTreeSet<Address>, finished: &Finished) {
        let features = self.catalogue.keep(|address| wanted.contains(address));
        let journals = Journals::default();
        let collector = Collector::new(
            self.catalogue.entries(),
            journals.clone(),
            Arc::clone(finished),
            self.style,
        );
        World::cucumber::<&str>()
            .with_parser::<_, Vec<Feature>>(Prepared)
            .max_concurrent_scenarios(self.concurrency.get())
            .before(move |feature, _rule, scenario, world| {
                hooks::before(&journals, feature, scenario, world);
                std::future::ready(()).boxed_local()
            })
            .after(|_feature, _rule, _scenario, ending, world| {
                let failed = matches!(ending, ScenarioFinished::StepFailed(..));
                hooks::after(failed, world).boxed_local()
            })
            .with_writer(collector)
            .with_default_cli()
            .run(features)
            .await;
    }

    /// Runs these scenarios and answers with their reports.
    pub(crate) async fn reports(&self, wanted: &BTreeSet<Address>) -> Vec<ScenarioReport> {
        let finished = Finished::default();
        self.run(wanted, &finished).await;
        std::mem::take(&mut *finished.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
