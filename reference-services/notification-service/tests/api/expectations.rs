//! What the service says it reads from events is all it reads.

use anyhow::{Context as _, Result};
use chrono::DateTime;
use ecotrack_chassis::test_support::contract::addressed_to;
use ecotrack_events::Event;
use notification_service::domain::draft;
use serde_json::{Value, json};
use uuid::Uuid;

/// A real payload of a type: the example of its committed schema.
fn example(event_type: &str) -> Result<Value> {
    let path = format!("{}/../contracts/events/{event_type}/v1.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    Ok(schema["examples"][0].clone())
}

/// The same payload with other values.
fn scrambled(name: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), scrambled(name, value))).collect()
        }
        Value::Array(items) => items.iter().map(|item| scrambled(name, item)).collect(),
        Value::String(_) if name == "currency" => json!("GBP"),
        Value::String(text) if Uuid::parse_str(text).is_ok() => json!(Uuid::now_v7()),
        Value::String(text) if DateTime::parse_from_rfc3339(text).is_ok() => {
            json!("2001-02-03T04:05:06Z")
        }
        Value::String(text) => json!(format!("{text} or not")),
        Value::Number(_) => json!(77),
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

fn with(mut payload: Value, read: &Value) -> Value {
    if let (Value::Object(payload), Value::Object(read)) = (&mut payload, read) {
        payload.extend(read.clone());
    }
    payload
}

#[test]
fn what_is_told_depends_on_nothing_but_the_fields_that_are_expected() -> Result<()> {
    let mut compared = 0;
    for provider in ["user-service", "order-service", "payment-service"] {
        for addressed in addressed_to(provider)? {
            if addressed.consumer != "notification-service" {
                continue;
            }
            let expectation = addressed.expectation.event()?;
            let event_type = expectation.event_type.as_str();
            let real = example(event_type)?;
            let told_of = |payload: &Value| -> Result<_> {
                let payload = with(payload.clone(), &expectation.payload);
                let event = Event::decode(event_type, payload.to_string().as_bytes())
                    .with_context(|| format!("{event_type}: {payload}"))?;
                Ok(draft::for_event(&event))
            };
            assert_eq!(told_of(&real)?, told_of(&scrambled("", &real))?, "{event_type}");
            compared += 1;
        }
    }
    assert_eq!(compared, 9);
    Ok(())
}
