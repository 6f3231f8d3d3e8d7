//! Dashboards: every query of every panel, asked of the live Prometheus.

use conformance::check::judge;
use conformance::component::prometheus::Prometheus;
use conformance::dashboards;
use conformance::verdict::Outcome;
use cucumber::then;

use super::asking::{await_answer, client};
use crate::world::World;

#[then("every query of the shipped dashboards that can be empty returns data")]
async fn return_data(world: &mut World) -> Outcome {
    let prometheus = client::<Prometheus>(world).await?;
    let (constant, queries): (Vec<_>, Vec<_>) =
        dashboards::queries()?.into_iter().partition(dashboards::Query::is_never_empty);
    let empty = || dashboards::find_empty(&prometheus, &queries);
    let none = |empty: &Vec<String>| {
        let (asked, exempt) = (queries.len(), constant.len());
        let seen = format!(
            "{asked} queries, without data {empty:?}; {exempt} not asked, as their answer is never empty"
        );
        judge(empty.is_empty() && asked > 0, "data for every panel", seen)
    };
    let within = world.suite().timeouts().rule;
    await_answer(world, "data for every query", within, empty, none).await.map(drop)
}
