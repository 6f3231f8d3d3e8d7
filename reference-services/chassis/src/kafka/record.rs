//! An event as a Kafka record: `CloudEvents` 1.0 in binary mode, trace context beside it.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use ecotrack_events::{DecodeError, Envelope, Event};
use rdkafka::{
    Message,
    message::{Header, OwnedHeaders},
};
use uuid::Uuid;

use super::headers::{self, text};

/// Largest payload we take.
const MAX_PAYLOAD: usize = 1024 * 1024;

/// How far a producer's clock may be ahead of ours.
const MAX_AHEAD: TimeDelta = TimeDelta::minutes(5);

/// Headers of a record that are text; others are not ours.
pub type Headers = HashMap<String, String>;

/// A record, owned, as it goes to or comes from a topic.
#[derive(Debug, Clone)]
pub struct Record {
    /// Where it goes or came from, without the prefix of a shared Kafka.
    pub topic: String,
    /// The aggregate's id: records of one key keep their order.
    pub key: String,
    /// Text headers.
    pub headers: Headers,
    /// The payload.
    pub payload: Vec<u8>,
}

/// Why a record is not an event we can take.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A header that every event has is absent or malformed.
    #[error("header `{0}` is absent or malformed")]
    Header(&'static str),
    /// Larger than any event of ours.
    #[error("the payload has {0} bytes, more than {MAX_PAYLOAD}")]
    TooLarge(usize),
    /// From the future: whatever orders by time would wait for it.
    #[error("the event is of the future, {0}")]
    Future(DateTime<Utc>),
    /// Not an event.
    #[error(transparent)]
    Payload(#[from] DecodeError),
}

impl Record {
    /// An event as a record. `context` is what [`crate::telemetry::propagation::outgoing`] said when it happened.
    pub fn of_event(envelope: &Envelope, context: Headers) -> serde_json::Result<Self> {
        let mut headers = context;
        let mut put = |name: &str, value: String| headers.insert(name.to_owned(), value);
        put("ce_id", envelope.id.to_string());
        put("ce_type", envelope.event.event_type().to_owned());
        put("ce_source", envelope.source.clone());
        put("ce_time", envelope.time.to_rfc3339_opts(SecondsFormat::Micros, true));
        put("ce_specversion", "1.0".to_owned());
        put("ce_dataschema", envelope.event.data_schema().to_owned());
        put("content-type", "application/json".to_owned());
        Ok(Self {
            topic: envelope.event.topic().name().to_owned(),
            key: envelope.event.key().to_string(),
            headers,
            payload: serde_json::to_vec(&envelope.event)?,
        })
    }

    /// Takes a record out of a message. Headers that are not text are left behind.
    pub(crate) fn of_message(message: &impl Message, prefix: &str) -> Self {
        let topic = message.topic();
        Self {
            topic: topic.strip_prefix(prefix).unwrap_or(topic).to_owned(),
            key: message.key().and_then(text).unwrap_or_default(),
            headers: message.headers().map(headers::text_of).unwrap_or_default(),
            payload: message.payload().unwrap_or_default().to_vec(),
        }
    }

    /// Reads the event.
    pub fn envelope(&self) -> Result<Envelope, RecordError> {
        if self.payload.len() > MAX_PAYLOAD {
            return Err(RecordError::TooLarge(self.payload.len()));
        }
        let header = |name: &'static str| self.headers.get(name).ok_or(RecordError::Header(name));
        let time = DateTime::parse_from_rfc3339(header("ce_time")?).ok();
        let time = time.ok_or(RecordError::Header("ce_time"))?.with_timezone(&Utc);
        if time > Utc::now() + MAX_AHEAD {
            return Err(RecordError::Future(time));
        }
        Ok(Envelope {
            id: Uuid::parse_str(header("ce_id")?).ok().ok_or(RecordError::Header("ce_id"))?,
            source: header("ce_source")?.clone(),
            time,
            event: Event::decode_as(
                header("ce_type")?,
                self.headers.get("ce_dataschema").map(String::as_str),
                &self.payload,
            )?,
        })
    }

    pub(crate) fn kafka_headers(&self) -> OwnedHeaders {
        self.headers
            .iter()
            .fold(OwnedHeaders::new_with_capacity(self.headers.len()), |headers, (key, value)| {
                headers.insert(Header { key, value: Some(value) })
            })
    }
}

#[cfg(test)]
mod tests {
    use ecotrack_events::user::UserDeleted;
    use rdkafka::{Timestamp, message::OwnedMessage};

    use super::*;

    fn record() -> (Envelope, Record) {
        let mut envelope = Envelope::new(
            "user-service",
            UserDeleted { user_id: Uuid::now_v7(), deleted_at: Utc::now() },
        );
        // Headers carry microseconds.
        envelope.time = DateTime::from_timestamp_micros(envelope.time.timestamp_micros()).unwrap();
        let record = Record::of_event(&envelope, Headers::new()).unwrap();
        (envelope, record)
    }

    #[test]
    fn an_event_survives_the_way_through_a_record() {
        let (envelope, record) = record();
        assert_eq!(record.topic, "user-events");
        assert_eq!(record.key, envelope.event.key().to_string());
        assert_eq!(record.envelope().unwrap(), envelope);
    }

    #[test]
    fn what_is_read_from_a_shared_kafka_is_of_the_topic_without_the_prefix() {
        let topic = "team-a.user-events".to_owned();
        let message = OwnedMessage::new(None, None, topic, Timestamp::NotAvailable, 0, 0, None);
        assert_eq!(Record::of_message(&message, "team-a.").topic, "user-events");
        assert_eq!(Record::of_message(&message, "").topic, "team-a.user-events");
    }

    #[test]
    fn an_event_without_identity_is_refused() {
        let (_, mut record) = record();
        record.headers.remove("ce_id");
        assert!(matches!(record.envelope(), Err(RecordError::Header("ce_id"))));
    }

    #[test]
    fn an_event_of_the_future_is_refused_unless_clocks_merely_differ() {
        let (_, mut record) = record();
        let mut read = |ahead: TimeDelta| {
            record.headers.insert("ce_time".to_owned(), (Utc::now() + ahead).to_rfc3339());
            record.envelope()
        };
        assert!(read(MAX_AHEAD - TimeDelta::seconds(10)).is_ok());
        assert!(matches!(read(MAX_AHEAD * 2), Err(RecordError::Future(_))));
    }

    #[test]
    fn an_event_of_a_version_we_do_not_know_is_refused() {
        let (_, mut record) = record();
        let newer = record.headers["ce_dataschema"].replace("/v1", "/v99");
        record.headers.insert("ce_dataschema".to_owned(), newer);
        assert!(matches!(record.envelope(), Err(RecordError::Payload(_))));
    }

    #[test]
    fn an_oversized_payload_is_refused_before_it_is_read() {
        let (_, mut record) = record();
        record.payload = vec![b'x'; MAX_PAYLOAD + 1];
        assert!(matches!(record.envelope(), Err(RecordError::TooLarge(_))));
    }
}
