//! Kafka as we use it: acknowledged by all replicas, committed by hand, `CloudEvents` in binary mode.

mod headers;
mod producer;
mod record;
mod settings;

pub use producer::{ProduceError, Producer};
pub use record::{Headers, Record, RecordError};
pub use settings::KafkaSettings;
