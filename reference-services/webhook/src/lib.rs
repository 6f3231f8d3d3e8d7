//! Signatures of webhooks: the sender proves with a shared secret who it is, what it said and when.
//!
//! The header reads `t=<unix seconds>,v1=<hex>[,v1=<hex>…]`; a signature is HMAC-SHA256 over `<t>.<raw body>`. While a secret
//! is being replaced both are in use: a sender signs with both, a receiver accepts either. Pure: the caller brings the time.

mod header;
mod mac;

use std::fmt::Write as _;
use std::time::Duration;

use secrecy::SecretString;

use header::Header;

/// The header that carries the signature.
pub const HEADER: &str = "webhook-signature";

/// How far the time that was signed may be from ours, in both directions.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// Why a webhook is not believed. Safe to log: nothing of header or body is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The header is not of the form above.
    #[error("the signature header cannot be read")]
    Malformed,
    /// Signed too long ago, or too far ahead: perhaps recorded and sent again.
    #[error("the time that was signed is too far from ours")]
    OutOfTime,
    /// None of the signatures is made with one of our secrets.
    #[error("no signature is ours")]
    Forged,
}

/// The header's value for a body that is sent at `now` (unix seconds): one signature per secret.
#[must_use]
pub fn sign(secrets: &[SecretString], body: &[u8], now: i64) -> String {
    let mut header = format!("t={now}");
    for secret in secrets {
        // Writing to a string cannot fail.
        write!(header, ",v1={}", hex::encode(mac::of(secret, now, body))).ok();
    }
    header
}

/// Believes a body that arrived at `now` (unix seconds), or says why not. Compares in constant time.
pub fn verify(
    secrets: &[SecretString],
    header: &str,
    body: &[u8],
    now: i64,
) -> Result<(), Refusal> {
    let header = Header::parse(header).ok_or(Refusal::Malformed)?;
    if header.signed_at.abs_diff(now) > TOLERANCE.as_secs() {
        return Err(Refusal::OutOfTime);
    }
    let is_ours = secrets.iter().any(|secret| {
        header
            .signatures
            .iter()
            .any(|signature| mac::is_valid(secret, header.signed_at, body, signature))
    });
    if is_ours { Ok(()) } else { Err(Refusal::Forged) }
}

#[cfg(test)]
mod tests;
