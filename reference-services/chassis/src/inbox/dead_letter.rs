//! A record as it is parked: with its reason, and never larger than Kafka takes. One that does not fit would be tried for ever, and
//! all behind it would wait.

use crate::kafka::{Headers, Record};

/// Why it was parked.
const REASON: &str = "x-dead-letter-reason";
/// Who could not handle it.
const CONSUMER: &str = "x-dead-letter-consumer";
/// The length its payload had before it was cut.
const PAYLOAD_CUT: &str = "x-dead-letter-payload-bytes";
/// The length its key had before it was cut.
const KEY_CUT: &str = "x-dead-letter-key-bytes";
/// How many of its headers are left out.
const HEADERS_CUT: &str = "x-dead-letter-headers-dropped";

/// Longest payload. With all headers and the key it stays well below a million bytes, which is what librdkafka sends.
const MAX_PAYLOAD: usize = 512 * 1024;
/// Most bytes of the record's own headers.
const MAX_HEADERS: usize = 256 * 1024;
/// Longest value of a header that says what event it is, and longest key.
const MAX_VALUE: usize = 1024;
/// Longest reason, in bytes: a header is no place for a novel.
const MAX_REASON: usize = 512;
/// What a header costs beside its text, at most: two lengths.
const COST: usize = 10;

/// The record for the dead-letter topic.
pub(super) fn of(record: &Record, consumer: &str, reason: &str) -> Record {
    let (mut headers, dropped) = fitting(&record.headers);
    let mut put = |name: &str, value| headers.insert(name.to_owned(), value);
    put(REASON, in_one_line(reason));
    put(CONSUMER, consumer.to_owned());
    for (name, cut, length) in [
        (PAYLOAD_CUT, record.payload.len() > MAX_PAYLOAD, record.payload.len()),
        (KEY_CUT, record.key.len() > MAX_VALUE, record.key.len()),
        (HEADERS_CUT, dropped > 0, dropped),
    ] {
        if cut {
            put(name, length.to_string());
        }
    }
    Record {
        topic: format!("{}.dlt", record.topic),
        key: cut(&record.key, MAX_VALUE).to_owned(),
        headers,
        payload: record.payload.iter().take(MAX_PAYLOAD).copied().collect(),
    }
}

/// The headers there is room for, and how many others there are: first those that say what event it is, cut, then the others, whole,
/// the shortest first.
fn fitting(headers: &Headers) -> (Headers, usize) {
    let mut sorted: Vec<(&str, &str)> = headers.iter().map(shortened).collect();
    sorted.sort_by_key(|(name, value)| (!is_of_event(name), name.len() + value.len()));
    let mut room = MAX_HEADERS;
    let mut fits = |(name, value): &(&str, &str)| {
        let left = room.checked_sub(name.len() + value.len() + COST);
        room = left.unwrap_or(room);
        left.is_some()
    };
    sorted.retain(|header| fits(header));
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let kept: Headers = sorted.into_iter().map(owned).collect();
    let dropped = headers.len() - kept.len();
    (kept, dropped)
}

fn shortened<'a>((name, value): (&'a String, &'a String)) -> (&'a str, &'a str) {
    let longest = if is_of_event(name) { MAX_VALUE } else { value.len() };
    (name, cut(value, longest))
}

fn is_of_event(name: &str) -> bool {
    name.starts_with("ce_")
}

/// A reason as a header: one line, not too long.
fn in_one_line(reason: &str) -> String {
    let line: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(&line, MAX_REASON).to_owned()
}

fn cut(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What librdkafka sends by default.
    const LIMIT: usize = 1_000_000;

    fn size(record: &Record) -> usize {
        let of_headers: usize =
            record.headers.iter().map(|(name, value)| name.len() + value.len() + COST).sum();
        record.key.len() + record.payload.len() + of_headers
    }

    fn parked(headers: impl IntoIterator<Item = (String, String)>) -> Record {
        let record = Record {
            topic: "user-events".to_owned(),
            key: "ä".repeat(LIMIT),
            headers: headers.into_iter().collect(),
            payload: vec![b' '; LIMIT],
        };
        of(&record, "test-service", &"ä".repeat(LIMIT))
    }

    #[test]
    fn whatever_is_large_about_a_record_it_fits_when_it_is_parked() {
        let long = "ä".repeat(LIMIT);
        let shapes: [Vec<(String, String)>; 5] = [
            vec![("x-large".to_owned(), long.clone())],
            vec![(long.clone(), String::new())],
            vec![("ce_id".to_owned(), long.clone())],
            vec![(format!("ce_{long}"), String::new())],
            (0..LIMIT / 8).map(|number| (format!("{number:x}"), String::new())).collect(),
        ];
        for shape in shapes {
            let parked = parked(shape);
            assert!(size(&parked) < LIMIT, "{}", size(&parked));
            assert_eq!(parked.headers[CONSUMER], "test-service");
            assert_eq!(parked.headers[KEY_CUT], (2 * LIMIT).to_string());
        }
    }

    #[test]
    fn what_event_it_is_stays_and_what_is_left_out_is_told() {
        let large = |name: &str| (name.to_owned(), "x".repeat(LIMIT));
        let small = |name: &str| (name.to_owned(), "1".to_owned());
        let parked =
            parked([large("ce_id"), small("ce_type"), small("traceparent"), large("x-large")]);
        assert_eq!(parked.headers["ce_id"].len(), MAX_VALUE);
        assert_eq!(parked.headers["ce_type"], "1");
        assert_eq!(parked.headers["traceparent"], "1");
        assert_eq!(parked.headers[HEADERS_CUT], "1");
        assert!(!parked.headers.contains_key("x-large"));
    }
}
