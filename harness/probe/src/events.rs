//! Reads the Kafka records of one correlation id, without a consumer group: nobody's offsets move.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use conformance_probe::{Event, EventsAnswer};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::metadata::MetadataTopic;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const CORRELATION_HEADER: &str = "x-correlation-id";
const POLL: Duration = Duration::from_millis(200);

/// What to look for and where.
#[derive(Args)]
pub(crate) struct Search {
    /// `host:port` of a broker.
    #[arg(long)]
    brokers: String,
    /// PEM of the authority that signed the brokers' certificates.
    #[arg(long, allow_hyphen_values = true)]
    ca_pem: String,
    /// SCRAM-SHA-512 user; the password is read from standard input.
    #[arg(long)]
    username: String,
    /// Topics, separated by commas.
    #[arg(long, value_delimiter = ',')]
    topics: Vec<String>,
    /// The correlation id whose records are wanted.
    #[arg(long)]
    correlation_id: String,
    /// Look from this time on: milliseconds since 1970.
    #[arg(long)]
    since_ms: i64,
    /// Deadline of the whole search in milliseconds.
    #[arg(long, default_value_t = 15_000)]
    timeout_ms: u64,
}

/// Reads from `since_ms` to the end that each partition had at the start.
pub(crate) fn find(search: &Search) -> Result<EventsAnswer> {
    let deadline = Instant::now() + Duration::from_millis(search.timeout_ms);
    let consumer = connect(search)?;
    let (start, ends) = range(&consumer, search)?;
    consumer.assign(&start).context("partitions cannot be assigned")?;
    let mut answer = EventsAnswer { scanned: 0, events: Vec::new() };
    let mut waiting: HashSet<(String, i32)> = ends.keys().cloned().collect();
    while !waiting.is_empty() {
        if Instant::now() > deadline {
            bail!(
                "{} partitions were not read to their end in {} ms",
                waiting.len(),
                search.timeout_ms
            );
        }
        let Some(record) = consumer.poll(POLL) else { continue };
        let record = record.context("a record cannot be read")?;
        let place = (record.topic().to_owned(), record.partition());
        if ends.get(&place).is_some_and(|end| record.offset() + 1 >= *end) {
            waiting.remove(&place);
        }
        answer.scanned += 1;
        answer.events.extend(
            Some(event(&record)).filter(|event| {
                event.headers.get(CORRELATION_HEADER) == Some(&search.correlation_id)
            }),
        );
    }
    Ok(answer)
}

fn connect(search: &Search) -> Result<BaseConsumer> {
    let password =
        std::io::read_to_string(std::io::stdin()).context("no password on standard input")?;
    ClientConfig::new()
        .set("bootstrap.servers", &search.brokers)
        .set("security.protocol", "SASL_SSL")
        .set("sasl.mechanism", "SCRAM-SHA-512")
        .set("sasl.username", &search.username)
        .set("sasl.password", password.trim())
        .set("ssl.ca.pem", &search.ca_pem)
        // The library wants a name; without subscribing or committing no group comes to be.
        .set("group.id", &search.username)
        .set("enable.auto.commit", "false")
        .create()
        .context("the Kafka client cannot be made")
}

/// The offset behind the last record, by topic and partition.
type Ends = BTreeMap<(String, i32), i64>;

/// Where to start in each partition that has something after `since_ms`, and where it ends now.
fn range(consumer: &BaseConsumer, search: &Search) -> Result<(TopicPartitionList, Ends)> {
    let timeout = Duration::from_millis(search.timeout_ms);
    let mut wanted = TopicPartitionList::new();
    for topic in &search.topics {
        let metadata = consumer
            .fetch_metadata(Some(topic), timeout)
            .with_context(|| format!("topic {topic} cannot be looked up"))?;
        let partitions = metadata.topics().iter().flat_map(MetadataTopic::partitions);
        for partition in partitions {
            wanted.add_partition_offset(topic, partition.id(), Offset::Offset(search.since_ms))?;
        }
    }
    if wanted.count() == 0 {
        bail!(
            "topics {} have no partition that user {} may see",
            search.topics.join(", "),
            search.username
        );
    }
    let found = consumer
        .offsets_for_times(wanted, timeout)
        .context("offsets by time cannot be looked up")?;
    let mut start = TopicPartitionList::new();
    let mut ends = Ends::new();
    for element in found.elements() {
        let Offset::Offset(first) = element.offset() else { continue };
        let (_, end) = consumer.fetch_watermarks(element.topic(), element.partition(), timeout)?;
        if first < end {
            start.add_partition_offset(
                element.topic(),
                element.partition(),
                Offset::Offset(first),
            )?;
            ends.insert((element.topic().to_owned(), element.partition()), end);
        }
    }
    Ok((start, ends))
}

fn event(record: &BorrowedMessage<'_>) -> Event {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = record.headers().map(|headers| {
        headers
            .iter()
            .map(|header| (header.key.to_owned(), header.value.map(text).unwrap_or_default()))
            .collect()
    });
    Event {
        topic: record.topic().to_owned(),
        partition: record.partition(),
        offset: record.offset(),
        key: record.key().map(text),
        headers: headers.unwrap_or_default(),
        value: record.payload().map(text).unwrap_or_default(),
    }
}
