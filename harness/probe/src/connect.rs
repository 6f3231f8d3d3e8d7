//! A bare TCP or TLS connection: for questions below HTTP, such as "does it take plaintext?".
//! What to send comes from standard input, so that a password stands in no argument.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use conformance_probe::ConnectAnswer;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::refusal;

/// Bytes of the peer's answer that are reported.
const RECEIVED_LIMIT: usize = 4096;

/// The connection to open.
#[derive(Args)]
pub(crate) struct Connection {
    /// `host:port`.
    #[arg(long)]
    address: String,
    /// PEM of the authority to trust: speaks TLS when given, plaintext otherwise.
    #[arg(long, allow_hyphen_values = true)]
    ca_pem: Option<String>,
    /// Deadline of connecting and of each read in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    timeout_ms: u64,
}

/// Opens the connection and reports how far it came.
pub(crate) fn open(connection: &Connection) -> Result<ConnectAnswer> {
    let text =
        std::io::read_to_string(std::io::stdin()).context("nothing to send on standard input")?;
    let mut answer =
        ConnectAnswer { connected: false, tls_version: None, received: String::new(), error: None };
    let tcp = match dial(connection) {
        Ok(tcp) => tcp,
        Err(error) => return Ok(ConnectAnswer { error: Some(refusal::of(&error)), ..answer }),
    };
    answer.connected = true;
    match &connection.ca_pem {
        None => converse(tcp, &text, &mut answer),
        Some(pem) => secure(&connection.address, pem, tcp, &text, &mut answer)?,
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
    address: &str,
    pem: &str,
    mut tcp: TcpStream,
    text: &str,
    answer: &mut ConnectAnswer,
) -> Result<()> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned();
    let mut tls = ClientConnection::new(Arc::new(trusting(pem)?), ServerName::try_from(host)?)?;
    if let Err(error) = tls.complete_io(&mut tcp) {
        answer.error = Some(refusal::of(&error));
        return Ok(());
    }
    answer.tls_version = tls.protocol_version().map(|version| format!("{version:?}"));
    converse(StreamOwned::new(tls, tcp), text, answer);
    Ok(())
}

fn trusting(pem: &str) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.context("--ca-pem holds no certificate")?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
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
        Err(error) => answer.error = Some(refusal::of(&error)),
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
