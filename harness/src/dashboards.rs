//! The queries of the shipped dashboards, ready to be asked.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::component::prometheus::Prometheus;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../dashboards");
/// What Grafana would choose for a short range.
const RATE_INTERVAL: &str = "1m";

/// Panels that fall back on a constant, so that asking them proves nothing, each with why it may.
pub const NEVER_EMPTY: [(&str, &str); 1] = [(
    "EcoTrack / Services / Firing alerts",
    "no firing alert is no sample, and is to be seen as zero",
)];

/// One query and the panel it belongs to.
#[derive(Debug, Clone)]
pub struct Query {
    /// Dashboard and panel.
    pub place: String,
    /// The query with its variables filled in.
    pub promql: String,
}

#[derive(Deserialize)]
struct Dashboard {
    title: String,
    templating: Templating,
    panels: Vec<Panel>,
}

#[derive(Deserialize)]
struct Templating {
    list: Vec<Variable>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Variable {
    name: String,
    all_value: Option<String>,
}

#[derive(Deserialize)]
struct Panel {
    title: String,
    #[serde(default)]
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    expr: String,
}

impl Query {
    /// Whether it has an answer whatever Prometheus knows.
    #[must_use]
    pub fn is_never_empty(&self) -> bool {
        let words: Vec<&str> = self.promql.split_whitespace().collect();
        matches!(words.as_slice(), [.., "or", constant] if constant.starts_with("vector("))
    }
}

/// Every query of every dashboard in `dashboards/`.
pub fn queries() -> Result<Vec<Query>> {
    let mut queries = Vec::new();
    for file in std::fs::read_dir(FOLDER)
        .with_context(|| format!("dashboards cannot be read from {FOLDER}"))?
    {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            queries.extend(queries_of(&path)?);
        }
    }
    Ok(queries)
}

/// Panels whose query has no data now: no sample, or nothing that is a number. A rate or a share of zero is data.
pub async fn find_empty(prometheus: &Prometheus, queries: &[Query]) -> Result<Vec<String>> {
    let mut empty = Vec::new();
    for query in queries {
        let samples = prometheus.fetch_samples(&query.promql).await?;
        let has_data = samples.iter().any(|sample| !sample.value.is_nan());
        empty.extend((!has_data).then(|| query.place.clone()));
    }
    Ok(empty)
}

fn queries_of(path: &Path) -> Result<Vec<Query>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let dashboard: Dashboard = serde_json::from_str(&text)
        .with_context(|| format!("{} is no dashboard", path.display()))?;
    let query = |panel: &Panel, target: &Target| Query {
        place: format!("{} / {}", dashboard.title, panel.title),
        promql: filled_in(&target.expr, &dashboard.templating.list),
    };
    Ok(dashboard
        .panels
        .iter()
        .flat_map(|panel| panel.targets.iter().map(move |target| query(panel, target)))
        .collect())
}

fn filled_in(expr: &str, variables: &[Variable]) -> String {
    let with_interval = expr.replace("$__rate_interval", RATE_INTERVAL);
    variables.iter().fold(with_interval, |expr, variable| {
        expr.replace(
            &format!("${}", variable.name),
            variable.all_value.as_deref().unwrap_or_default(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_falls_back_on_a_constant_is_never_empty() {
        let query = |promql: &str| Query { place: String::new(), promql: promql.to_owned() };
        assert!(query("count(ALERTS) or vector(0)").is_never_empty());
        assert!(!query("(sum(a) or vector(0)) / (sum(b) > 0)").is_never_empty());
        assert!(!query("sum(vector_total)").is_never_empty());
    }

    #[test]
    fn exactly_the_panels_with_a_reason_are_never_empty() {
        let mut places: Vec<String> = queries()
            .unwrap()
            .into_iter()
            .filter(Query::is_never_empty)
            .map(|query| query.place)
            .collect();
        places.sort();
        assert_eq!(places, NEVER_EMPTY.map(|(place, _why)| place));
    }

    #[test]
    fn every_variable_is_filled_in() {
        let queries = queries().unwrap();
        assert!(!queries.is_empty());
        for query in queries {
            assert!(!query.promql.contains('$'), "{}: {}", query.place, query.promql);
        }
    }
}
