//! How a version may grow: by optional fields. Everything else is a new version, which an old consumer parks.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::samples::any_sample;
use crate::{DecodeError, Event};

proptest! {
    #[test]
    fn a_field_of_a_newer_producer_is_left_alone(
        sample in any_sample(), index in 0..Event::TYPES.len(), field in "x_[a-z]{1,12}", value in any::<String>(),
    ) {
        let event = sample.event(Event::TYPES[index]);
        let mut payload = serde_json::to_value(&event).unwrap();
        payload[field] = json!({"value": value});
        let read = Event::decode_as(
            event.event_type(), Some(event.data_schema()), payload.to_string().as_bytes());
        prop_assert_eq!(read.unwrap(), event);
    }

    #[test]
    fn another_version_is_not_read_as_this_one(
        sample in any_sample(), index in 0..Event::TYPES.len(), version in 2..100_u32,
    ) {
        let event = sample.event(Event::TYPES[index]);
        let schema = event.data_schema().replace("/v1", &format!("/v{version}"));
        let payload = serde_json::to_vec(&event).unwrap();
        let error = Event::decode_as(event.event_type(), Some(&schema), &payload).unwrap_err();
        let is_named =
            matches!(error, DecodeError::UnknownSchema { schema: found, .. } if found == schema);
        prop_assert!(is_named);
    }

    #[test]
    fn bytes_that_are_no_event_are_refused_and_never_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..256), index in 0..Event::TYPES.len(),
    ) {
        prop_assume!(serde_json::from_slice::<Value>(&bytes).is_err());
        prop_assert!(Event::decode(Event::TYPES[index], &bytes).is_err());
    }
}
