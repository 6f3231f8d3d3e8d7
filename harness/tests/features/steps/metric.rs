//! Metrics: what Prometheus scrapes, and by how much a counter moved between two scrapes of this scenario.

use conformance::check::metrics::{Movement, Watched, all_watched, increased_by};
use conformance::component::pods;
use conformance::component::prometheus::Prometheus;
use conformance::eventually::eventually;
use conformance::services::{Call, Session};
use conformance::verdict::Outcome;
use cucumber::{given, then, when};
use uuid::Uuid;

use super::asking::{await_answer, client, expect, not_yet, send};
use crate::world::World;

/// The pattern that names every service.
pub(crate) const ALL_SERVICES: &str = ".+";

/// A counter that the scenario moves.
struct Count {
    promql: String,
    service: String,
    before: f64,
}

#[given(expr = "the count of {string} {string} with status {string} at {string}")]
async fn count_before(
    world: &mut World,
    method: String,
    uri: String,
    status: String,
    service: String,
) -> Outcome {
    let labels =
        format!(r#"application="{service}",method="{method}",uri="{uri}",status="{status}""#);
    let promql = format!("http_server_requests_seconds_count{{{labels}}}");
    let before = fetch_fresh(world, &service, &promql).await?;
    world.remember(Count { promql, service, before });
    Ok(())
}

#[when(expr = "the customer asks {int} times for a notification that does not exist")]
async fn asks_in_vain(world: &mut World, times: u32) -> Outcome {
    let session = world.recall::<Session>()?.clone();
    for _ in 0..times {
        let answer = send(
            world,
            &Call::get(format!("/api/notifications/{}", Uuid::now_v7())).as_user(&session),
        )
        .await?;
        expect(
            world,
            "a notification that does not exist",
            &answer,
            conformance::check::http::status(404),
        )?;
    }
    Ok(())
}

#[then(expr = "the count has increased by exactly {int}")]
async fn increased_exactly(world: &mut World, by: u32) -> Outcome {
    let Count { promql, service, before } = world.recall::<Count>()?;
    let movement = Movement { before: *before, after: fetch_fresh(world, service, promql).await? };
    expect(world, "the counter", &movement, increased_by(f64::from(by)))
}

/// The sum of an expression once every pod of the service was scraped after now: nothing before this moment is missing in it.
pub(crate) async fn fetch_fresh(world: &World, service: &str, promql: &str) -> Outcome<f64> {
    await_scrape(world, service).await?;
    fetch(world, promql).await
}

/// Waits until every pod of the service, or of any service that the pattern names, was scraped after now.
pub(crate) async fn await_scrape(world: &World, services: &str) -> Outcome {
    let prometheus = client::<Prometheus>(world).await?;
    let now = prometheus.fetch_now().await?;
    let what = format!("a scrape of every pod of {services} after {now}");
    let scraped = eventually(&what, world.suite().timeouts().metric, || async {
        match prometheus.find_oldest_scrape(services).await? {
            Some(scraped) if scraped > now => Ok(()),
            other => Err(not_yet(format!("the oldest scrape at {other:?}"))),
        }
    });
    Ok(scraped.await?)
}

/// The sum of an expression now.
pub(crate) async fn fetch(world: &World, promql: &str) -> Outcome<f64> {
    let prometheus = client::<Prometheus>(world).await?;
    let asked = prometheus.fetch_sum(promql);
    Ok(world.journal().asked("prometheus", promql, asked, ToString::to_string).await?)
}

#[then("Prometheus has the metrics of every pod of the five services, from the application itself")]
async fn every_pod_is_scraped(world: &mut World) -> Outcome {
    let (prometheus, cluster) = (client::<Prometheus>(world).await?, world.suite().cluster());
    let question = || async {
        let (pods, targets) = (pods::list(cluster).await?, prometheus.fetch_targets().await?);
        anyhow::Ok(Watched { pods, targets, speaking: prometheus.fetch_speaking_pods().await? })
    };
    let within = world.suite().timeouts().target_up;
    await_answer(world, "every pod scraped", within, question, all_watched).await.map(drop)
}
