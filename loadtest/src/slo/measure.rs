//! Asks Prometheus what the services saw.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use prometheus_http_query::Client;
use prometheus_http_query::response::{Data, InstantVector, RangeVector};
use reqwest::Url;
use tokio::time::{Instant, interval};

use super::Route;

/// Requests that people make; probes and scrapes are not among them.
const REQUESTS: &str = r#"application=~".+-service",uri!~"/actuator.*|UNMATCHED""#;
/// Time for one query.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Scrapes must have caught up with the end of the load within this time.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(90);
/// A series that was not scraped for this long before the load was not there: scrapes are minutes apart at most.
const LOOK_BACK: Duration = Duration::from_mins(5);
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
    let window = SystemTime::now().duration_since(started).context("the clock went backwards")?;
    let (within, since) = (window.as_secs().max(1), (window + LOOK_BACK).as_secs());
    let counted = format!("http_server_requests_seconds_count{{{REQUESTS}}}[{since}s]");
    let started = started.duration_since(SystemTime::UNIX_EPOCH)?.as_secs_f64();
    let tally = tally(&counters(&client, &counted).await?, started);
    let slowest = by_route(&client, &format!("histogram_quantile(0.95, sum by (application, method, uri, le) (increase(http_server_requests_seconds_bucket{{{REQUESTS}}}[{within}s])))")).await?;
    let asked = tally.into_iter().filter(|(_, tally)| tally.requests > 0.0);
    Ok(asked.map(|(key, tally)| route(key, tally, &slowest)).collect())
}

/// Service, method, route template.
type Key = (String, String, String);

/// A counter of requests with one status: what it said, and when, scrape by scrape.
struct Counter {
    key: Key,
    status: String,
    samples: Vec<(f64, f64)>,
}

/// Requests to one route, and those of them that were answered with an error of the service.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Tally {
    requests: f64,
    errors: f64,
}

/// Counts by scrape and not by `increase()`, which ignores the first value of a series: the first errors of a route are just that.
fn tally(counters: &[Counter], started: f64) -> BTreeMap<Key, Tally> {
    let mut tallies = BTreeMap::<Key, Tally>::new();
    for counter in counters {
        let (tally, requests) =
            (tallies.entry(counter.key.clone()).or_default(), grown(&counter.samples, started));
        tally.requests += requests;
        if counter.status.starts_with('5') {
            tally.errors += requests;
        }
    }
    tallies
}

/// By how much a counter grew since a time. One that was not there before began at nothing, one that became smaller began anew.
fn grown(samples: &[(f64, f64)], since: f64) -> f64 {
    let (before, after) = samples.split_at(samples.partition_point(|(at, _)| *at <= since));
    let base = before.last().map_or(0.0, |(_, value)| *value);
    let step = |(sum, last): (f64, f64), (_, value): &(f64, f64)| {
        (sum + if *value < last { *value } else { *value - last }, *value)
    };
    after.iter().fold((0.0, base), step).0
}

fn route(key: Key, tally: Tally, slowest: &BTreeMap<Key, f64>) -> Route {
    let p95 = slowest.get(&key).copied().filter(|seconds| seconds.is_finite());
    let (service, method, template) = key;
    let Tally { requests, errors } = tally;
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

async fn counters(client: &Client, query: &str) -> Result<Vec<Counter>> {
    let other = || format!("Prometheus answered `{query}` with something other than a matrix");
    let series = answer(client, query).await?.into_matrix().ok().with_context(other)?;
    let counter = |series: &RangeVector| Counter {
        key: key(series.metric()),
        status: label(series.metric(), "status"),
        samples: series
            .samples()
            .iter()
            .map(|sample| (sample.timestamp(), sample.value()))
            .collect(),
    };
    Ok(series.iter().map(counter).collect())
}

async fn by_route(client: &Client, query: &str) -> Result<BTreeMap<Key, f64>> {
    let samples = ask(client, query).await?;
    Ok(samples.iter().map(|sample| (key(sample.metric()), sample.sample().value())).collect())
}

fn key(labels: &HashMap<String, String>) -> Key {
    (label(labels, "application"), label(labels, "method"), label(labels, "uri"))
}

fn label(labels: &HashMap<String, String>, name: &str) -> String {
    labels.get(name).cloned().unwrap_or_default()
}

async fn ask(client: &Client, query: &str) -> Result<Vec<InstantVector>> {
    let other = || format!("Prometheus answered `{query}` with something other than a vector");
    answer(client, query).await?.into_vector().ok().with_context(other)
}

async fn answer(client: &Client, query: &str) -> Result<Data> {
    let answer = client.query(query).get().await;
    let answer = answer.with_context(|| format!("Prometheus did not answer `{query}`"))?;
    Ok(answer.into_inner().0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(status: &str, samples: &[(f64, f64)]) -> Counter {
        let key = ("order-service".to_owned(), "POST".to_owned(), "/api/orders".to_owned());
        Counter { key, status: status.to_owned(), samples: samples.to_vec() }
    }

    fn seen(counters: &[Counter]) -> Tally {
        tally(counters, 100.0).into_values().next().unwrap_or_default()
    }

    #[test]
    fn errors_that_begin_and_end_within_one_scrape_count() {
        let newborn = counter("503", &[(105.0, 3.0), (110.0, 3.0)]);
        assert_eq!(seen(&[newborn]), Tally { requests: 3.0, errors: 3.0 });
    }

    #[test]
    fn what_was_counted_before_the_load_does_not_count() {
        let old = counter("500", &[(90.0, 7.0), (95.0, 8.0), (105.0, 8.0)]);
        assert_eq!(seen(&[old]), Tally::default());
        let moved = counter("201", &[(95.0, 8.0), (105.0, 10.0), (110.0, 18.0)]);
        assert_eq!(seen(&[moved]), Tally { requests: 10.0, errors: 0.0 });
    }

    #[test]
    fn a_restart_loses_no_request_that_was_scraped() {
        let restarted = counter("201", &[(95.0, 8.0), (105.0, 10.0), (110.0, 1.0), (115.0, 4.0)]);
        assert_eq!(seen(&[restarted]), Tally { requests: 6.0, errors: 0.0 });
    }

    #[test]
    fn pods_and_statuses_of_a_route_are_added_up() {
        let (first, second) =
            (counter("201", &[(105.0, 9.0)]), counter("201", &[(95.0, 5.0), (105.0, 6.0)]));
        let refused = counter("409", &[(105.0, 1.0)]);
        let failed = counter("500", &[(105.0, 2.0)]);
        let all = seen(&[first, second, refused, failed]);
        assert_eq!(all, Tally { requests: 13.0, errors: 2.0 });
    }
}
