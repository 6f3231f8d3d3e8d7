//! Before and after every scenario.

use conformance::catalogue;
use conformance::cluster::Cluster;
use conformance::collected::Journals;
use conformance::eventually::within;
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

/// Takes back the faults that the scenario did not live to take back. One that stays is an error of the harness, and so is a
/// failure while the API server is away: every question goes through it.
#[expect(clippy::panic, reason = "the only way in which a hook can fail")]
pub(crate) async fn after(failed: bool, world: Option<&mut World>) {
    let Some(world) = world else { return };
    if let Err(stop) = world.heal().await {
        panic!("a fault could not be taken back: {stop}");
    }
    if failed && let Err(lost) = reach(world.suite().cluster()).await {
        panic!("the platform cannot be blamed for what the step says, since {lost}");
    }
}

/// Asks the API server anything.
async fn reach(cluster: &Cluster) -> Result<(), String> {
    let (client, patience) = (cluster.client(), cluster.timeouts().request);
    match within(patience, client.apiserver_version()).await {
        Some(Ok(_version)) => Ok(()),
        Some(Err(error)) => Err(format!("the API server cannot be reached: {error}")),
        None => Err(format!("the API server did not answer within {patience:?}")),
    }
}
