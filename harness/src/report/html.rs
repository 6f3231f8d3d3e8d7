//! The report as one HTML page: nothing is loaded from anywhere, it can be mailed and kept.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};

use super::model::{Report, ScenarioReport};
use super::terminal::seconds;
use crate::verdict::Verdict;

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/style.css");

/// Writes the HTML form.
pub fn html(report: &Report) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_name| AutoEscape::Html);
    environment.add_filter("seconds", seconds);
    environment.add_filter("words", |name: String| name.replace('_', " "));
    environment.add_template("page", PAGE)?;
    let counts: Vec<_> = Verdict::ALL
        .iter()
        .map(|verdict| (verdict.name(), report.count(*verdict)))
        .filter(|(_, count)| *count > 0)
        .collect();
    environment.get_template("page")?.render(context! {
        report => Serde(report),
        style => STYLE,
        counts => counts,
        features => features(report),
        started => report.started.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
    })
}

/// The scenarios by feature, in file order; a feature with trouble is shown open.
fn features(report: &Report) -> Vec<Value> {
    let mut groups: Vec<(&str, Vec<&ScenarioReport>)> = Vec::new();
    for scenario in &report.scenarios {
        match groups.last_mut() {
            Some((path, scenarios)) if *path == scenario.address.path => scenarios.push(scenario),
            _ => groups.push((scenario.address.path.as_str(), vec![scenario])),
        }
    }
    groups.into_iter().map(|(path, scenarios)| context! { path, name => scenarios[0].feature.as_str(), scenarios => Serde(&scenarios) }).collect()
}
