//! Asks Prometheus what the services saw.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use prometheus_http_query::Client;
use prometheus_http_query::response::InstantVector;
use reqwest::Url;
use tokio::time::{Instant, interval};

use super::Route;

/// Requests that people make; probes and scrapes are not among them.
const REQUESTS: &str = r#"application=~".+-service",uri!~"/actuator.*|UNMATCHED""#;
/// Time for one query.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Scrapes must have caught up with the end of the load within this time.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(90);
/// Time between two looks at how far the scrapes are.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Routes that were asked between the two times, each with its requests, errors and percentile.
pub(crate) async fn measure(
    prometheus: &Url,
    started: SystemTime,
    ended: SystemTime,
) -> Result<Vec<Route>> {
    let http = reqwest::Client::builder().timeout(ANSWER_WITHIN).build()?;
    let client = Client::from(http, prometheus.as_str())
        .with_context(|| format!("{prometheus} is no address of Prometheus"))?;
    catch_up(&client, ended).await?;
    let window = SystemTime::now()
        .duration_since(started)
        .context("the clock went backwards")?
        .as_secs()
        .max(1);
    let total = by_route(&client, &format!("sum by (application, method, uri) (increase(http_server_requests_seconds_count{{{REQUESTS}}}[{window}s]))")).await?;
    let errors = by_route(&client, &format!(r#"sum by (application, method, uri) (increase(http_server_requests_seconds_count{{{REQUESTS},status=~"5.."}}[{window}s]))"#)).await?;
    let slowest = by_route(&client, &format!("histogram_quantile(0.95, sum by (application, method, uri, le) (increase(http_server_requests_seconds_bucket{{{REQUESTS}}}[{window}s])))")).await?;
    let asked = total.into_iter().filter(|(_, requests)| *requests > 0.0);
    Ok(asked.map(|(key, requests)| route(key, requests, &errors, &slowest)).collect())
}

/// Service, method, route template.
type Key = (String, String, String);

fn route(
    key: Key,
    requests: f64,
    errors: &BTreeMap<Key, f64>,
    slowest: &BTreeMap<Key, f64>,
) -> Route {
    let (errors, p95) = (
        errors.get(&key).copied().unwrap_or_default(),
        slowest.get(&key).copied().filter(|seconds| seconds.is_finite()),
    );
    let (service, method, template) = key;
    Route { service, name: format!("{method} {template}"), requests, errors, p95 }
}

/// Waits until every service was scraped after the end of the load.
async fn catch_up(client: &Client, ended: SystemTime) -> Result<()> {
    let ended = ended.duration_since(SystemTime::UNIX_EPOCH)?.as_secs_f64();
    let query = format!(
        "min(max by (application) (timestamp(http_server_requests_seconds_count{{{REQUESTS}}})))"
    );
    let deadline = Instant::now() + CAUGHT_UP_WITHIN;
    let mut look = interval(LOOK_EVERY);
    loop {
        look.tick().await;
        let seen = ask(client, &query).await?.first().map(|sample| sample.sample().value());
        match seen {
            Some(time) if time >= ended => return Ok(()),
            _ if Instant::now() < deadline => {}
            Some(time) => bail!(
                "Prometheus has not scraped every service since the load ended: the last scrape was {:.0} s before",
                ended - time
            ),
            None => bail!(
                "Prometheus has no http_server_requests_seconds_count of any service: it does not scrape them"
            ),
        }
    }
}

async fn by_route(client: &Client, query: &str) -> Result<BTreeMap<Key, f64>> {
    let samples = ask(client, query).await?;
    Ok(samples.iter().map(|sample| (key(sample), sample.sample().value())).collect())
}

fn key(sample: &InstantVector) -> Key {
    let label = |name: &str| sample.metric().get(name).cloned().unwrap_or_default();
    (label("application"), label("method"), label("uri"))
}

async fn ask(client: &Client, query: &str) -> Result<Vec<InstantVector>> {
    let answer = client
        .query(query)
        .get()
        .await
        .with_context(|| format!("Prometheus did not answer `{query}`"))?;
    let (data, _) = answer.into_inner();
    let other = || format!("Prometheus answered `{query}` with something other than a vector");
    data.into_vector().ok().with_context(other)
}
