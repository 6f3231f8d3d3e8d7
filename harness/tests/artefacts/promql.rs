//! The metric names in a PromQL expression: enough of its grammar to tell them from functions, keywords and labels.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

const KEYWORDS: [&str; 12] = [
    "and", "or", "unless", "bool", "offset", "inf", "nan", "by", "without", "on", "ignoring",
    "start",
];

/// Strings, label matchers, ranges, comments and lists of labels: none of them holds a metric name.
static NOT_METRICS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[[^\]]*\]|#.*|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)"#).unwrap()
});
static MATCHERS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{[^}]*\}").unwrap());
static NAMES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[0-9.]*[a-zA-Z_:][a-zA-Z0-9_:]*\s*\(?").unwrap());

/// Names of the metrics that the expression reads.
pub(crate) fn metrics(expression: &str) -> BTreeSet<String> {
    let bare = NOT_METRICS.replace_all(expression, " ");
    let bare = MATCHERS.replace_all(&bare, " ");
    NAMES
        .find_iter(&bare)
        .map(|found| found.as_str().trim_end())
        .filter(|name| {
            !name.ends_with('(')
                && !name.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        })
        .filter(|name| !KEYWORDS.contains(&name.to_lowercase().as_str()))
        .map(str::to_owned)
        .collect()
}

#[test]
fn metric_names_are_told_from_functions_labels_and_keywords() {
    let found = metrics(
        r#"(sum by (application, pod) (rate(requests_total{uri!~"/a(b)}.*"}[5m])) or 0 * vector(0)) / on (pod) group_left (node) app:up:ratio > 1e3 and up offset 5m"#,
    );
    assert_eq!(found, ["app:up:ratio", "requests_total", "up"].map(str::to_owned).into());
}
