//! The credential a customer shows. Only its fingerprint is kept: enough to tell two keys apart, too little to use one.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};

/// Bytes of the fingerprint that are kept.
const KEPT: usize = 6;

/// The fingerprint of the request's `Authorization`, scheme aside; `None` without one.
pub(crate) fn fingerprint(headers: &HeaderMap) -> Option<String> {
    let shown = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, secret) = shown.split_once(' ')?;
    if secret.is_empty() {
        return None;
    }
    let digest = Sha256::digest(secret.as_bytes());
    Some(
        digest
            .iter()
            .take(KEPT)
            .fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}")),
    )
}

/// A header's text, if it has one.
pub(crate) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &'static str) -> Option<String> {
        fingerprint(&HeaderMap::from_iter([(
            AUTHORIZATION,
            axum::http::HeaderValue::from_static(value),
        )]))
    }

    #[test]
    fn a_credential_is_known_by_its_fingerprint_only() {
        let shown = of("Bearer sk_test_1").unwrap();
        assert!(shown.starts_with("sha256:") && !shown.contains("sk_test"));
        assert_ne!(Some(shown), of("Bearer sk_test_2"));
    }

    #[test]
    fn an_empty_credential_is_none() {
        assert_eq!(of("Bearer "), None);
        assert_eq!(fingerprint(&HeaderMap::new()), None);
    }
}
