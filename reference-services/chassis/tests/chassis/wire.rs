//! HTTP byte by byte, for what no well-behaved client sends.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::Instant,
};
use url::Url;

/// Longest a test waits for the server: more than the 15 s the server has for the slowest.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection.
pub(crate) struct Wire(TcpStream);

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Wire {
    pub(crate) async fn open(base: &Url) -> Result<Self> {
        let address: SocketAddr = base.authority().parse()?;
        Ok(Self(TcpStream::connect(address).await?))
    }

    /// Writes what the server still takes: it may refuse and close before the end.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.ok();
    }

    /// Everything until the server closes.
    pub(crate) async fn read_to_end(&mut self) -> Result<String> {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await;
        // A reset after the answer is how a server closes on a client that is still sending.
        if read.context("the server did not close")?.is_err() && bytes.is_empty() {
            bail!("the server reset the connection without an answer");
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Writes one more byte at each interval until the server closes: everything it said, and how long that took.
    pub(crate) async fn drip(self, byte: u8, interval: Duration) -> Result<(String, Duration)> {
        let started = Instant::now();
        let (mut reading, mut writing) = self.0.into_split();
        let dripping = async {
            let mut pace = tokio::time::interval(interval);
            while writing.write_all(&[byte]).await.is_ok() {
                pace.tick().await;
            }
        };
        let listening = async {
            let mut bytes = Vec::new();
            // A reset is how a server closes on a client that is still sending.
            let ended = tokio::time::timeout(PATIENCE, reading.read_to_end(&mut bytes)).await;
            drop(ended.context("the server did not close")?);
            anyhow::Ok((String::from_utf8_lossy(&bytes).into_owned(), started.elapsed()))
        };
        tokio::select! {
            biased;
            said = listening => said,
            never = async { dripping.await; std::future::pending().await } => never,
        }
    }

    /// Sends one request, which must say `connection: close`, and reads the answer.
    pub(crate) async fn exchange(base: &Url, request: &[u8]) -> Result<Reply> {
        let mut wire = Self::open(base).await?;
        wire.write(request).await;
        Reply::parse(&wire.read_to_end().await?)
    }
}

impl Reply {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let (head, body) =
            text.split_once("\r\n\r\n").with_context(|| format!("no head: {text}"))?;
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        Ok(Self { status, head: head.to_lowercase(), body: body.to_owned() })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// Fails unless it is a problem document of this status with a trace id.
    pub(crate) fn expect_problem(self, status: u16) -> Result<Self> {
        ensure!(self.status == status, "expected {status}, got {}: {}", self.status, self.body);
        ensure!(
            self.head.contains("content-type: application/problem+json"),
            "not a problem document: {}",
            self.head
        );
        let problem = self.json();
        ensure!(
            problem["status"] == status
                && problem["trace_id"].as_str().is_some_and(|id| id.len() == 32),
            "not a problem with a trace id: {}",
            self.body
        );
        Ok(self)
    }
}
