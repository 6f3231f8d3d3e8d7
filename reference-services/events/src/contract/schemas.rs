//! The JSON Schemas, one per type and version: generated from the types, committed, and true of real events.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::files::{assert_committed, contracts, read};
use crate::Event;
use crate::samples::{Sample, any_sample};

/// One event of every type.
fn examples() -> Vec<Event> {
    let sample = Sample::of_documentation();
    Event::TYPES.iter().map(|event_type| sample.event(event_type)).collect()
}

fn version(event: &Event) -> &'static str {
    event.data_schema().rsplit('/').next().expect("a schema id has segments")
}

fn path(event: &Event) -> std::path::PathBuf {
    contracts().join("events").join(event.event_type()).join(format!("{}.json", version(event)))
}

fn schema(event: &Event) -> Value {
    let mut schema = event.payload_schema().to_value();
    schema["$id"] = json!(event.data_schema());
    schema["title"] = json!(event.event_type());
    schema["examples"] = json!([event]);
    schema
}

fn validator(event: &Event) -> jsonschema::Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(&read(&path(event)))
        .expect("the committed schema is a schema")
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    for event in examples() {
        assert_committed(&path(&event), &schema(&event));
    }
}

#[test]
fn every_committed_schema_is_of_a_type_we_have() {
    for entry in std::fs::read_dir(contracts().join("events")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let is_folder = entry.file_type().unwrap().is_dir();
        assert!(!is_folder || Event::TYPES.contains(&name.as_str()), "{name} is no event of ours");
    }
}

#[test]
fn every_schema_is_of_draft_2020_12_and_its_examples_are_valid() {
    for event in examples() {
        let committed = read(&path(&event));
        jsonschema::draft202012::meta::validate(&committed).unwrap();
        let (validator, examples) = (validator(&event), committed["examples"].as_array().unwrap());
        assert!(!examples.is_empty());
        for example in examples {
            validator.validate(example).unwrap_or_else(|error| panic!("{example}: {error}"));
        }
    }
}

#[test]
fn a_payload_that_lacks_a_field_is_not_valid() {
    for event in examples() {
        let (validator, payload) = (validator(&event), serde_json::to_value(&event).unwrap());
        for field in payload.as_object().unwrap().keys() {
            let mut without = payload.clone();
            without.as_object_mut().unwrap().remove(field);
            let is_optional =
                Event::decode(event.event_type(), &without.to_string().into_bytes()).is_ok();
            assert_eq!(
                validator.is_valid(&without),
                is_optional,
                "{} without {field}",
                event.event_type()
            );
        }
    }
}

proptest! {
    #[test]
    fn every_event_reads_back_and_is_valid(sample in any_sample(), index in 0..Event::TYPES.len()) {
        let event = sample.event(Event::TYPES[index]);
        let payload = serde_json::to_vec(&event).unwrap();
        let read = Event::decode_as(event.event_type(), Some(event.data_schema()), &payload);
        prop_assert_eq!(read.unwrap(), event.clone());
        let value = serde_json::to_value(&event).unwrap();
        prop_assert!(validator(&event).is_valid(&value), "{}", value);
    }
}
