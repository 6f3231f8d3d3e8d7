//! Which events were published, and what they carry.

use conformance_probe::{Event, EventsAnswer};

use super::{Checked, judge, listed};

/// Headers that every event has.
const HEADERS: [&str; 9] = [
    "ce_id",
    "ce_type",
    "ce_source",
    "ce_time",
    "ce_specversion",
    "content-type",
    "traceparent",
    "baggage",
    "x-correlation-id",
];

/// At least one event of each of these types was published.
pub fn of_types<'a>(expected: &'a [&'a str]) -> impl Fn(&EventsAnswer) -> Checked + 'a {
    move |answer| {
        let seen = listed(answer.events.iter().filter_map(Event::kind));
        let all = expected
            .iter()
            .all(|wanted| answer.events.iter().any(|event| event.kind() == Some(wanted)));
        judge(
            all,
            format!("events {}", expected.join(", ")),
            format!("{seen} among {} records", answer.scanned),
        )
    }
}

/// The event has a key, every header and the trace of the request.
pub fn carries_context(trace_id: &str) -> impl Fn(&Event) -> Checked + '_ {
    move |event| {
        let missing: Vec<&str> = HEADERS
            .iter()
            .copied()
            .filter(|name| event.headers.get(*name).is_none_or(String::is_empty))
            .collect();
        let traced =
            event.headers.get("traceparent").is_some_and(|header| header.contains(trace_id));
        let seen = format!(
            "{:?} on {} with key {:?} and headers {:?}",
            event.kind(),
            event.topic,
            event.key,
            event.headers
        );
        judge(
            missing.is_empty() && traced && event.key.is_some(),
            format!("an event of trace {trace_id} with its key and headers {}", HEADERS.join(", ")),
            seen,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str) -> Event {
        let mut headers: std::collections::BTreeMap<_, _> =
            HEADERS.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
        headers.insert("ce_type".to_owned(), kind.to_owned());
        headers.insert("traceparent".to_owned(), "00-4bf9-00f0-01".to_owned());
        Event {
            topic: "order-events".to_owned(),
            partition: 0,
            offset: 1,
            key: Some("o-1".to_owned()),
            headers,
            value: "{}".to_owned(),
        }
    }

    #[test]
    fn a_type_that_is_missing_is_a_mismatch() {
        let answer = EventsAnswer { scanned: 9, events: vec![event("OrderCreatedEvent")] };
        assert!(of_types(&["OrderCreatedEvent"])(&answer).is_ok());
        assert!(
            of_types(&["OrderCreatedEvent", "OrderCompletedEvent"])(&answer)
                .unwrap_err()
                .to_string()
                .contains("9 records")
        );
    }

    #[test]
    fn an_event_of_another_trace_or_without_a_key_is_a_mismatch() {
        assert!(carries_context("4bf9")(&event("OrderCreatedEvent")).is_ok());
        assert!(carries_context("ffff")(&event("OrderCreatedEvent")).is_err());
        assert!(
            carries_context("4bf9")(&Event { key: None, ..event("OrderCreatedEvent") }).is_err()
        );
    }
}
