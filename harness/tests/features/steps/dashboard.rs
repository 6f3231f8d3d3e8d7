//! Dashboards: every query of every panel, asked of the live Prometheus.

use conformance::check::judge;
use conformance::component::prometheus::Prometheus;
use conformance::dashboards;
use conformance::verdict::Outcome;
use cucumber::then;

use super::asking::{await_answer, client};
use crate::world::World;

#[then("every query of the shipped dashboards returns data")]
async fn return_data(world: &mut World) -> Outcome {
    let (prometheus, queries) = (client::<Prometheus>(world).await?, dashboards::queries()?);
    let empty = || dashboards::find_empty(&prometheus, &queries);
    let none = |empty: &Vec<String>| {
        let seen = format!("{} queries, without data {empty:?}", queries.len());
        judge(empty.is_empty() && !queries.is_empty(), "data for every panel", seen)
    };
    let within = world.suite().timeouts().rule;
    await_answer(world, "data for every query", within, empty, none).await.map(drop)
}
