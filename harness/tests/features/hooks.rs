//! Before and after every scenario.

use conformance::catalogue;
use conformance::collected::Journals;
use cucumber::gherkin::{Feature, Scenario};

use crate::world::World;

/// Makes the scenario's ids and evidence known to the report before its first step.
pub(crate) fn before(journals: &Journals, feature: &Feature, scenario: &Scenario, world: &World) {
    journals.open(
        catalogue::address(feature, scenario),
        world.identity().clone(),
        world.journal().clone(),
    );
}

/// Takes back the faults that the scenario did not live to take back. One that stays is an error of the harness.
#[expect(clippy::panic, reason = "the only way in which a hook can fail")]
pub(crate) async fn after(world: Option<&mut World>) {
    let Some(world) = world else { return };
    if let Err(stop) = world.heal().await {
        panic!("a fault could not be taken back: {stop}");
    }
}
