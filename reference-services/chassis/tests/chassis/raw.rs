//! Records as bytes, for what no well-behaved client sends: one request to the broker, with one record in one batch.

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::{kafka::Record, test_support::Kafka};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The request and its version: the last one before the protocol has two ways of writing lengths.
const PRODUCE: [i16; 2] = [0, 7];
/// The number of the request, which the answer repeats.
const CORRELATION: i32 = 7;
/// Where all of it goes, so that it stays in order.
const PARTITION: i32 = 0;

/// Writes a record, with one more header, into the first partition of its topic.
pub(crate) async fn produce(kafka: &Kafka, record: &Record, header: (&[u8], &[u8])) -> Result<()> {
    let topic = format!("{}{}", kafka.prefix, record.topic);
    let request = request(&topic, &batch(&record_bytes(record, header)?)?)?;
    let mut connection = TcpStream::connect(kafka.brokers.as_str()).await?;
    connection.write_all(&sized(&request)?).await?;
    let mut answer = vec![0; usize::try_from(connection.read_i32().await?)?];
    connection.read_exact(&mut answer).await?;
    // Its number, one topic with its name, one partition with its number.
    let code = answer.get(18 + topic.len()..20 + topic.len()).context("a short answer")?;
    ensure!(code == [0, 0], "the broker refused the record: {code:?}");
    Ok(())
}

fn request(topic: &str, batch: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = PRODUCE.map(i16::to_be_bytes).concat();
    bytes.extend(CORRELATION.to_be_bytes());
    // No name of the client, no transaction, acknowledged by all, within 10 s.
    bytes.extend([-1_i16, -1, -1].map(i16::to_be_bytes).concat());
    bytes.extend(10_000_i32.to_be_bytes());
    bytes.extend(1_i32.to_be_bytes());
    bytes.extend(i16::try_from(topic.len())?.to_be_bytes());
    bytes.extend(topic.as_bytes());
    bytes.extend([1, PARTITION].map(i32::to_be_bytes).concat());
    bytes.extend(sized(batch)?);
    Ok(bytes)
}

/// A batch of one record. Its checksum is that of nothing: neither the broker of the tests nor the consumer looks at it.
fn batch(record: &[u8]) -> Result<Vec<u8>> {
    // Epoch of the leader, magic byte, checksum, attributes, offset and times of the record.
    let mut bytes = (-1_i32).to_be_bytes().to_vec();
    bytes.push(2);
    bytes.extend([0; 4 + 2 + 4 + 8 + 8]);
    // Id, epoch and sequence of an idempotent producer, which this is not.
    bytes.extend([0xff; 8 + 2 + 4]);
    bytes.extend(1_i32.to_be_bytes());
    bytes.extend(record);
    let mut batch = 0_i64.to_be_bytes().to_vec();
    batch.extend(sized(&bytes)?);
    Ok(batch)
}

fn record_bytes(record: &Record, header: (&[u8], &[u8])) -> Result<Vec<u8>> {
    // Attributes, time and offset.
    let mut bytes = vec![0; 3];
    put(&mut bytes, record.key.as_bytes())?;
    put(&mut bytes, &record.payload)?;
    put_varint(&mut bytes, record.headers.len() + 1)?;
    put(&mut bytes, header.0)?;
    put(&mut bytes, header.1)?;
    for (name, value) in &record.headers {
        put(&mut bytes, name.as_bytes())?;
        put(&mut bytes, value.as_bytes())?;
    }
    let mut record = Vec::new();
    put(&mut record, &bytes)?;
    Ok(record)
}

fn sized(bytes: &[u8]) -> Result<Vec<u8>> {
    Ok([&i32::try_from(bytes.len())?.to_be_bytes(), bytes].concat())
}

fn put(bytes: &mut Vec<u8>, part: &[u8]) -> Result<()> {
    put_varint(bytes, part.len())?;
    bytes.extend(part);
    Ok(())
}

/// Seven bits a byte, the lowest first. A length is never negative, which doubles it.
fn put_varint(bytes: &mut Vec<u8>, length: usize) -> Result<()> {
    let mut left = length * 2;
    while left >= 0x80 {
        bytes.push(u8::try_from(left & 0x7f)? | 0x80);
        left >>= 7;
    }
    bytes.push(u8::try_from(left)?);
    Ok(())
}
