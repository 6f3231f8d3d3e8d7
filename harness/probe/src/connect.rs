//! A bare TCP or TLS connection: for questions below HTTP, such as "does it take plaintext?".
//! What to send comes from standard input, so that a password stands in no argument.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use conformance_probe::ConnectAnswer;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::refusal;
use crate::tls::Tls;

/// Bytes of the peer's answer that are reported.
const RECEIVED_LIMIT: usize = 4096;

/// The connection to open.
#[derive(Args)]
pub(crate) struct Connection {
    /// `host:port`.
    #[arg(long)]
    address: String,
    #[command(flatten)]
    tls: Tls,
    /// Deadline of connecting and of each read in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    timeout_ms: u64,
}

/// Opens the connection and reports how far it came.
pub(crate) fn open(connection: &Connection) -> Result<ConnectAnswer> {
    let text =
        std::io::read_to_string(std::io::stdin()).context("nothing to send on standard input")?;
    let mut answer = ConnectAnswer::default();
    let tcp = match dial(connection) {
        Ok(tcp) => tcp,
        Err(error) => return Ok(ConnectAnswer { error: Some(refusal::of(&error)), ..answer }),
    };
    answer.connected = true;
    match &connection.tls.ca_pem {
        None => converse(tcp, &text, &mut answer),
        Some(pem) => secure(connection, pem, tcp, &text, &mut answer)?,
    }
    Ok(answer)
}

fn dial(connection: &Connection) -> std::io::Result<TcpStream> {
    let deadline = Duration::from_millis(connection.timeout_ms);
    let address = connection
        .address
        .to_socket_addrs()?
        .next()
        .ok_or_else(|| std::io::Error::other("failed to lookup: no address"))?;
    let tcp = TcpStream::connect_timeout(&address, deadline)?;
    tcp.set_read_timeout(Some(deadline))?;
    tcp.set_write_timeout(Some(deadline))?;
    Ok(tcp)
}

fn secure(
    connection: &Connection,
    pem: &str,
    mut tcp: TcpStream,
    text: &str,
    answer: &mut ConnectAnswer,
) -> Result<()> {
    let address = connection.address.as_str();
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned();
    let config = Arc::new(connection.tls.config(pem)?);
    let mut tls = ClientConnection::new(config, ServerName::try_from(host)?)?;
    if let Err(error) = tls.complete_io(&mut tcp) {
        failed(&error, answer);
        return Ok(());
    }
    answer.tls_version = tls.protocol_version().map(|version| format!("{version:?}"));
    converse(StreamOwned::new(tls, tcp), text, answer);
    Ok(())
}

/// Keeps why the connection ended. With TLS 1.3 a server refuses the client's certificate after the client has finished the handshake.
fn failed(error: &std::io::Error, answer: &mut ConnectAnswer) {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(rustls::Error::AlertReceived(alert)) = tls {
        answer.alert = Some(format!("{alert:?}"));
    }
    answer.error = Some(refusal::of(error));
}

/// Sends the text and reads until the peer falls silent, closes or resets.
fn converse(mut stream: impl Read + Write, text: &str, answer: &mut ConnectAnswer) {
    let mut received = Vec::new();
    let ended = stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.flush())
        .and_then(|()| read_all(&mut stream, &mut received));
    answer.received = String::from_utf8_lossy(&received).into_owned();
    match ended {
        // Silence after an answer is how a keep-alive protocol ends.
        Err(error)
            if !received.is_empty()
                && matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
        Err(error) => failed(&error, answer),
        Ok(()) => {}
    }
}

fn read_all(stream: &mut impl Read, received: &mut Vec<u8>) -> std::io::Result<()> {
    let mut chunk = [0; 1024];
    while received.len() < RECEIVED_LIMIT {
        match stream.read(&mut chunk)? {
            0 if received.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
            0 => return Ok(()),
            n => received.extend_from_slice(&chunk[..n]),
        }
    }
    Ok(())
}
