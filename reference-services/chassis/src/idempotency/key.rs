//! The key a client repeats a request under, and what makes two requests the same.

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::error::ApiError;

const HEADER: &str = "idempotency-key";
/// Longest key, in bytes.
const LONGEST: usize = 255;

/// The request's `Idempotency-Key`. A handler that takes it refuses requests without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads a key: 1 to 255 printable characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        ((1..=LONGEST).contains(&text.len()) && printable).then(|| Self(text.to_owned()))
    }

    /// The key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(HEADER).iter();
        let value = values
            .next()
            .ok_or_else(|| ApiError::bad_request("an Idempotency-Key header is required"))?;
        if values.next().is_some() {
            return Err(ApiError::bad_request("more than one Idempotency-Key header"));
        }
        let key = value.to_str().ok().and_then(Self::parse);
        key.ok_or_else(|| {
            ApiError::bad_request("the Idempotency-Key must be 1 to 255 printable characters")
        })
    }
}

/// What a request asks for, as a digest: the same for the same content, whatever its spaces and the order of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a request that was read.
    pub fn of(request: &impl Serialize) -> serde_json::Result<Self> {
        Ok(Self(Sha256::digest(serde_json::to_vec(request)?).into()))
    }

    /// Reads a stored fingerprint.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_printable() {
        for good in ["a", "order 7/retry", &"k".repeat(255)] {
            assert!(IdempotencyKey::parse(good).is_some(), "{good}");
        }
        for bad in ["", "a\nb", "ä", &"k".repeat(256)] {
            assert!(IdempotencyKey::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_stored_fingerprint_reads_back_the_same() {
        let fingerprint = Fingerprint::of(&("a", 1)).unwrap();
        assert_eq!(Fingerprint::from_bytes(fingerprint.as_bytes()), Some(fingerprint));
        assert_ne!(fingerprint, Fingerprint::of(&("a", 2)).unwrap());
    }
}
