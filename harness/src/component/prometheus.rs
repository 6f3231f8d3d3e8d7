//! What Prometheus knows: values now, when they were scraped, targets and alerts.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use prometheus_http_query::response::{Data, Rule, RuleGroup};
use prometheus_http_query::{Client, TargetState};

use crate::cluster::PortForward;
use crate::suite::{Component, Suite};

/// What every application emits as long as it answers, by the telemetry registry.
const SIGN_OF_LIFE: &str = "db_pool_connections";

/// A client of Prometheus' HTTP API.
pub struct Prometheus {
    client: Client,
    _forward: PortForward,
}

/// One series with its value at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Labels, `__name__` among them where the expression keeps it.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

/// One thing that Prometheus scrapes.
#[derive(Debug, Clone)]
pub struct Target {
    /// Labels that its series carry.
    pub labels: BTreeMap<String, String>,
    /// Whether the last scrape went well.
    pub up: bool,
    /// Why it did not.
    pub last_error: String,
}

/// One alert as Prometheus sees it.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Its labels, `alertname` among them.
    pub labels: BTreeMap<String, String>,
    /// `pending` or `firing`.
    pub state: &'static str,
}

impl Component for Prometheus {
    async fn connect(suite: &Suite) -> Result<Self> {
        let at = &suite.cluster().interfaces().prometheus;
        let forward = PortForward::open(suite.cluster(), at.into()).await?;
        let http =
            reqwest::Client::builder().timeout(suite.timeouts().request).no_proxy().build()?;
        Ok(Self { client: Client::from(http, &forward.url("http"))?, _forward: forward })
    }
}

impl Prometheus {
    /// The samples of an expression now.
    pub async fn fetch_samples(&self, promql: &str) -> Result<Vec<Sample>> {
        let answer = self
            .client
            .query(promql)
            .get()
            .await
            .with_context(|| format!("no answer of Prometheus to `{promql}`"))?;
        samples(answer.into_inner().0)
            .with_context(|| format!("answer of Prometheus to `{promql}`"))
    }

    /// The sum of an expression's samples now; none is zero, as for a counter that has not been touched.
    pub async fn fetch_sum(&self, promql: &str) -> Result<f64> {
        // Not `sum()`, which makes -0 of nothing.
        Ok(self.fetch_samples(promql).await?.iter().fold(0.0, |sum, sample| sum + sample.value))
    }

    /// The time on Prometheus' own clock in seconds since 1970: what scrape times can be compared with.
    pub async fn fetch_now(&self) -> Result<f64> {
        self.fetch_sum("time()").await
    }

    /// When the least recently scraped pod of the services that a pattern names was scraped, in seconds since 1970; none when nothing is.
    pub async fn find_oldest_scrape(&self, services: &str) -> Result<Option<f64>> {
        let promql =
            format!("min(timestamp(up{{namespace=\"ecotrack\",application=~\"{services}\"}}))");
        Ok(self.fetch_samples(&promql).await?.first().map(|sample| sample.value))
    }

    /// Everything that is scraped.
    pub async fn fetch_targets(&self) -> Result<Vec<Target>> {
        let targets = self
            .client
            .targets(Some(TargetState::Active))
            .await
            .context("no answer of Prometheus about its targets")?;
        let target = |target: &prometheus_http_query::response::ActiveTarget| Target {
            labels: sorted(target.labels()),
            up: target.health().is_up(),
            last_error: target.last_error().to_owned(),
        };
        Ok(targets.active().iter().map(target).collect())
    }

    /// Pods whose application itself is in the last scrape. That a target is up says less: a sidecar's merged endpoint answers for a dead application.
    pub async fn fetch_speaking_pods(&self) -> Result<BTreeSet<String>> {
        let promql = format!("count by (pod) ({SIGN_OF_LIFE}{{namespace=\"ecotrack\"}})");
        let mut samples = self.fetch_samples(&promql).await?;
        Ok(samples.iter_mut().filter_map(|sample| sample.labels.remove("pod")).collect())
    }

    /// Names of the alerting rules that are loaded and add the given label.
    pub async fn fetch_rules_labelled(&self, label: &str, value: &str) -> Result<Vec<String>> {
        let groups =
            self.client.rules().get().await.context("no answer of Prometheus about its rules")?;
        let rules = groups.iter().flat_map(RuleGroup::rules).filter_map(Rule::as_alerting);
        Ok(rules
            .filter(|rule| rule.labels().get(label).is_some_and(|found| found == value))
            .map(|rule| rule.name().to_owned())
            .collect())
    }

    /// Alerts that carry the given label, pending or firing.
    pub async fn fetch_alerts(&self, label: &str, value: &str) -> Result<Vec<Alert>> {
        let alerts =
            self.client.alerts().await.context("no answer of Prometheus about its alerts")?;
        let matching = alerts
            .iter()
            .filter(|alert| alert.labels().get(label).is_some_and(|found| found == value));
        let state = |alert: &prometheus_http_query::response::Alert| {
            if alert.state().is_firing() { "firing" } else { "pending" }
        };
        Ok(matching
            .map(|alert| Alert { labels: sorted(alert.labels()), state: state(alert) })
            .collect())
    }
}

fn samples(data: Data) -> Result<Vec<Sample>> {
    match data {
        Data::Vector(series) => Ok(series
            .iter()
            .map(|one| Sample { labels: sorted(one.metric()), value: one.sample().value() })
            .collect()),
        Data::Scalar(sample) => Ok(vec![Sample { labels: BTreeMap::new(), value: sample.value() }]),
        Data::Matrix(_) => bail!("a range of samples where their value now was expected"),
    }
}

fn sorted(labels: &std::collections::HashMap<String, String>) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Vec<Sample>> {
        samples(serde_json::from_str(json).unwrap())
    }

    const VECTOR: &str = r#"{"resultType":"vector","result":[
        {"metric":{"__name__":"up","application":"user-service","namespace":"ecotrack","pod":"user-service-6d9f-x"},"value":[1790000000.123,"1"]},
        {"metric":{"__name__":"up","application":"order-service"},"value":[1790000000.123,"NaN"]}]}"#;

    #[test]
    fn a_vector_gives_one_sample_per_series() {
        let samples = parse(VECTOR).unwrap();
        assert_eq!(samples[0].labels["application"], "user-service");
        assert!((samples[0].value - 1.0).abs() < f64::EPSILON);
        assert!(samples[1].value.is_nan());
    }

    #[test]
    fn an_empty_vector_gives_none() {
        assert_eq!(parse(r#"{"resultType":"vector","result":[]}"#).unwrap(), vec![]);
    }

    #[test]
    fn a_scalar_is_one_sample_without_labels() {
        let samples =
            parse(r#"{"resultType":"scalar","result":[1790000000.1,"1790000000.1"]}"#).unwrap();
        assert!(samples[0].labels.is_empty() && samples[0].value > 1.7e9);
    }

    #[test]
    fn a_range_is_refused() {
        assert!(parse(r#"{"resultType":"matrix","result":[]}"#).is_err());
    }
}
