//! Dashboards: every query of every panel, asked of the live Prometheus.

use conformance::check::{Checked, judge};
use conformance::component::prometheus::Prometheus;
use conformance::dashboards;
use conformance::verdict::Outcome;
use cucumber::then;

use super::asking::{await_answer, client};
use crate::world::World;

#[then("every query of the shipped dashboards returns data")]
async fn return_data(world: &mut World) -> Outcome {
    let (prometheus, queries) = (client::<Prometheus>(world).await?, dashboards::queries()?);
    let unanswered = || async {
        let mut empty = Vec::new();
        for query in &queries {
            let samples = prometheus.fetch_samples(&query.promql).await?;
            empty.extend(
                (samples.is_empty() || samples.iter().all(|sample| sample.value.is_nan()))
                    .then(|| query.place.clone()),
            );
        }
        anyhow::Ok(empty)
    };
    let none = |empty: &Vec<String>| -> Checked {
        judge(
            empty.is_empty() && !queries.is_empty(),
            "data for every panel",
            format!("{} queries, without data {empty:?}", queries.len()),
        )
    };
    await_answer(
        world,
        "data for every query of the dashboards",
        world.suite().timeouts().rule,
        unanswered,
        none,
    )
    .await
    .map(drop)
}
