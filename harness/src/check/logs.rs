//! Which lines were found, and what is in them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Checked, Mismatch, judge, listed};
use crate::component::loki::LogLine;

/// Fields that every line has.
const FIELDS: [&str; 5] = ["timestamp", "level", "logger", "message", "mdc"];

/// The lines come from exactly these services.
pub fn from_services<'a>(expected: &'a [&'a str]) -> impl Fn(&[LogLine]) -> Checked + 'a {
    move |lines: &[LogLine]| {
        let (wanted, seen) =
            (listed(expected.iter().copied()), listed(lines.iter().map(|line| line.label("app"))));
        judge(
            wanted == seen,
            format!("lines from exactly {wanted}"),
            format!("{} lines from {seen}", lines.len()),
        )
    }
}

/// The line is a JSON object with the promised fields and index labels, and says this correlation id itself.
pub fn structured(correlation_id: &str) -> impl Fn(&LogLine) -> Checked + '_ {
    move |line| {
        let json = line.json().map_err(|error| {
            Mismatch::new("a line of JSON", format!("{error} in {}", line.line))
        })?;
        let missing: Vec<&str> = FIELDS
            .iter()
            .copied()
            .filter(|field| json.get(field).is_none_or(Value::is_null))
            .collect();
        let unlabelled: Vec<&str> = ["app", "version", "namespace", "trace_id"]
            .into_iter()
            .filter(|label| line.label(label).is_empty())
            .collect();
        let own = json["mdc"]["correlationId"] == correlation_id;
        let sentence = format!(
            "mdc.correlationId {}, missing fields {missing:?}, missing labels {unlabelled:?} in {}",
            json["mdc"]["correlationId"], line.line
        );
        judge(
            own && missing.is_empty() && unlabelled.is_empty(),
            format!("a line of {correlation_id} with all fields and labels"),
            sentence,
        )
    }
}

/// Two searches found the very same lines.
pub fn same_lines(by_field: &[LogLine], by_text: &[LogLine]) -> Checked {
    let key = |line: &LogLine| (line.at, line.line.clone());
    let (field, text): (BTreeSet<_>, BTreeSet<_>) =
        (by_field.iter().map(key).collect(), by_text.iter().map(key).collect());
    let extra: Vec<&(i64, String)> = field.symmetric_difference(&text).collect();
    let first =
        extra.first().map_or_else(String::new, |line| format!(", first difference: {}", line.1));
    judge(
        extra.is_empty() && !field.is_empty(),
        "both searches to find the same lines",
        format!("{} and {} lines{first}", field.len(), text.len()),
    )
}

/// No line is in both.
pub fn disjoint(first: &[LogLine], second: &[LogLine]) -> Checked {
    let keys: BTreeSet<(i64, &str)> =
        first.iter().map(|line| (line.at, line.line.as_str())).collect();
    let shared = second.iter().find(|line| keys.contains(&(line.at, line.line.as_str())));
    let seen = shared.map_or_else(
        || format!("{} and {} lines", first.len(), second.len()),
        |line| format!("in both: {}", line.line),
    );
    judge(shared.is_none(), "no line in both", seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(app: &str, at: i64, text: &str) -> LogLine {
        let labels =
            [("app", app), ("version", "stable"), ("namespace", "ecotrack"), ("trace_id", "4bf9")];
        LogLine {
            labels: labels
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            at,
            line: text.to_owned(),
        }
    }

    const GOOD: &str = r#"{"timestamp":"2026-11-22T19:00:00Z","level":"INFO","logger":"order","message":"order placed","mdc":{"correlationId":"c-1"}}"#;

    #[test]
    fn a_service_too_many_or_too_few_is_a_mismatch() {
        let lines = [line("order-service", 1, GOOD), line("user-service", 2, GOOD)];
        assert!(from_services(&["user-service", "order-service"])(&lines).is_ok());
        assert!(from_services(&["order-service"])(&lines).is_err());
        assert!(
            from_services(&["order-service", "user-service", "product-service"])(&lines).is_err()
        );
    }

    #[test]
    fn a_structured_line_has_every_field_and_its_own_correlation_id() {
        assert!(structured("c-1")(&line("order-service", 1, GOOD)).is_ok());
        assert!(structured("c-2")(&line("order-service", 1, GOOD)).is_err());
        assert!(
            structured("c-1")(&line(
                "order-service",
                1,
                r#"{"level":"INFO","mdc":{"correlationId":"c-1"}}"#
            ))
            .unwrap_err()
            .to_string()
            .contains("timestamp")
        );
        assert!(structured("c-1")(&line("order-service", 1, "panicked at")).is_err());
    }

    #[test]
    fn a_line_found_by_one_search_only_is_a_mismatch() {
        let (one, two) = (line("order-service", 1, GOOD), line("order-service", 2, GOOD));
        assert!(same_lines(std::slice::from_ref(&one), std::slice::from_ref(&one)).is_ok());
        assert!(same_lines(std::slice::from_ref(&one), &[one.clone(), two]).is_err());
        assert!(same_lines(&[], &[]).is_err());
    }

    #[test]
    fn a_shared_line_is_named() {
        let (one, two) = (line("order-service", 1, GOOD), line("order-service", 2, GOOD));
        assert!(disjoint(std::slice::from_ref(&one), std::slice::from_ref(&two)).is_ok());
        assert!(
            disjoint(std::slice::from_ref(&one), &[one.clone(), two])
                .unwrap_err()
                .to_string()
                .contains("order placed")
        );
    }
}
