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

/// The ids of one request, as its lines carry them.
#[derive(Debug, Clone)]
pub struct RequestIds {
    /// Its correlation id.
    pub correlation: String,
    /// Its trace id.
    pub trace: String,
}

/// The line carries both ids of its own request, and neither of another one that went on meanwhile.
pub fn of_one_request<'a>(
    own: &'a RequestIds,
    other: &'a RequestIds,
) -> impl Fn(&LogLine) -> Checked + 'a {
    move |line| {
        let mdc = line.json().map(|json| json["mdc"].clone()).unwrap_or_default();
        let is_own = mdc["correlationId"] == own.correlation.as_str()
            && mdc["traceId"] == own.trace.as_str();
        let foreign =
            [&other.correlation, &other.trace].into_iter().any(|id| line.line.contains(id));
        judge(
            is_own && !foreign,
            format!("a line of request {} and trace {} alone", own.correlation, own.trace),
            &line.line,
        )
    }
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

    fn ids(n: u8) -> RequestIds {
        RequestIds { correlation: format!("c-{n}"), trace: format!("t-{n}") }
    }

    fn of(correlation: &str, trace: &str, message: &str) -> LogLine {
        let text = format!(
            r#"{{"message":"{message}","mdc":{{"correlationId":"{correlation}","traceId":"{trace}"}}}}"#
        );
        line("user-service", 1, &text)
    }

    #[test]
    fn a_line_that_mixes_two_requests_is_named() {
        let (own, other) = (ids(1), ids(2));
        let judged = of_one_request(&own, &other);
        assert!(judged(&of("c-1", "t-1", "profile read")).is_ok());
        for mixed in [
            of("c-1", "t-2", "profile read"),
            of("c-2", "t-1", "profile read"),
            of("c-1", "t-1", "after c-2"),
            line("user-service", 1, "panicked at c-1"),
        ] {
            let mismatch = judged(&mixed).unwrap_err().to_string();
            assert!(mismatch.contains(&mixed.line), "{mismatch}");
        }
    }
}
