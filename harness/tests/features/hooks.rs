//! Before every scenario.

use conformance::catalogue;
use conformance::collected::Journals;
use cucumber::gherkin::{Feature, Scenario};

use crate::world::World;

/// Makes the scenario's ids and evidence known to the report before its first step.
pub(crate) fn before(journals: &Journals, feature: &Feature, scenario: &Scenario, world: &World) {
    journals.open(catalogue::address(feature, scenario), world.identity().clone(), world.journal().clone());
}
