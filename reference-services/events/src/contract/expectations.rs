//! What consumers really read from events, held against real ones. A file names an event type, its topic and the fields its
//! consumer reads, with example values: a real event must have each of them, of the same kind.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

use super::files::{contracts, read};
use crate::Event;
use crate::samples::Sample;

/// An event a consumer reads.
struct Expectation {
    file: PathBuf,
    event_type: String,
    topic: String,
    payload: Value,
}

/// Those of all consumers. Files of HTTP expectations lie beside them and name no event.
fn expectations() -> Vec<Expectation> {
    let folders = std::fs::read_dir(contracts().join("expectations")).unwrap();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
    let expectation = |file: PathBuf| {
        let document = read(&file);
        let event_type = document["event_type"].as_str()?.to_owned();
        let topic = document["topic"].as_str()?.to_owned();
        Some(Expectation { file, event_type, topic, payload: document["payload"].clone() })
    };
    files.filter_map(|file| expectation(file.unwrap().path())).collect()
}

/// Where a real value is not as expected. `at` is the JSON pointer to it.
fn mismatches(at: &str, expected: &Value, real: &Value) -> Vec<String> {
    match (expected, real) {
        (Value::Object(expected), Value::Object(real)) => expected
            .iter()
            .flat_map(|(name, expected)| {
                let at = format!("{at}/{name}");
                real.get(name).map_or_else(
                    || vec![format!("{at} is not there")],
                    |real| mismatches(&at, expected, real),
                )
            })
            .collect(),
        (Value::Array(expected), Value::Array(real)) => expected
            .first()
            .into_iter()
            .flat_map(|expected| real.iter().map(move |real| (expected, real)))
            .flat_map(|(expected, real)| mismatches(&format!("{at}/0"), expected, real))
            .collect(),
        (expected, real) if kind(expected) == kind(real) => Vec::new(),
        (expected, real) => {
            vec![format!("{at} is {real}, not {} such as {expected}", kind(expected))]
        }
    }
}

/// What a consumer may rely on about a value without relying on the value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "a whole number",
        Value::Number(_) => "a number",
        Value::String(text) if Uuid::parse_str(text).is_ok() => "an id",
        Value::String(text) if DateTime::parse_from_rfc3339(text).is_ok() => "a moment",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[test]
fn a_real_event_has_all_that_its_consumers_read() {
    let sample = Sample::of_documentation();
    for expectation in expectations() {
        let file = expectation.file.display();
        let event_type = expectation.event_type.as_str();
        assert!(Event::TYPES.contains(&event_type), "{file}: there is no {event_type}");
        let event = sample.event(event_type);
        assert_eq!(expectation.topic, event.topic().name(), "{file}");
        let real = serde_json::to_value(event).unwrap();
        let found = mismatches("", &expectation.payload, &real);
        assert!(found.is_empty(), "{file}: {}", found.join("; "));
    }
}

#[test]
fn an_expectation_lies_with_consumer_and_producer_under_its_events_name() {
    let all = expectations();
    let producer = |event_type: &str| {
        ["User", "Order", "Payment", "Notification"]
            .iter()
            .find(|name| event_type.starts_with(**name))
            .map(|name| format!("{}-service", name.to_lowercase()))
    };
    for expectation in &all {
        let file = &expectation.file;
        let folder = file.parent().and_then(|folder| folder.file_name()).unwrap().to_string_lossy();
        let (_, provider) = folder.split_once("--").expect("a folder is consumer--provider");
        assert_eq!(
            Some(provider.to_owned()),
            producer(&expectation.event_type),
            "{}",
            file.display()
        );
        assert_eq!(file.file_stem().unwrap().to_string_lossy(), expectation.event_type);
    }
    let consumers: BTreeSet<_> = all
        .iter()
        .filter_map(|expectation| expectation.file.parent()?.file_name()?.to_str())
        .filter_map(|folder| folder.split_once("--"))
        .map(|(consumer, _)| consumer.to_owned())
        .collect();
    for consumer in ["notification-service", "order-service", "product-service"] {
        assert!(consumers.contains(consumer), "{consumer} expects nothing");
    }
}

#[test]
fn a_missing_field_and_a_field_of_another_kind_are_found() {
    let real = serde_json::json!({"order_id": Uuid::nil(), "total": {"amount_minor": 1}});
    let expected = serde_json::json!({
        "order_id": "not an id", "user_id": Uuid::nil(), "total": {"amount_minor": 1250},
    });
    let found = mismatches("", &expected, &real);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().any(|text| text == "/user_id is not there"), "{found:?}");
}
