//! Removes what must not stand in a report: known secrets by their value, unknown ones by their shape.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use regex::{Regex, RegexSet};

/// What stands in the place of a secret.
const MARK: &str = "[redacted]";
/// Shorter values are not removed by value: they would tear holes into ordinary words.
const SHORTEST_SECRET: usize = 6;

/// The shapes of secrets; the group named `keep`, where there is one, stays.
const SHAPES: [&str; 8] = [
    // A JSON Web Token.
    r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    // Any other credential in an Authorization header.
    r"(?i)(?P<keep>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}",
    // A private key in PEM.
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----",
    // A token of OpenBao.
    r"\b(?:hvs|hvb|s|b)\.[A-Za-z0-9_-]{20,}",
    // A named secret in JSON, a form, a query or a connection string.
    r#"(?i)(?P<keep>"?\b(?:password|passwd|secret|client_secret|api[_-]?key|access_token|refresh_token|token|signing[_-]key)"?\s*[:=]\s*"?)[^\s"&,;}]{3,}"#,
    // The password of a URL.
    r"(?P<keep>[a-z][a-z0-9+.-]*://[^\s/:@]+:)[^\s/@]+@",
    // A card number, in groups or in one piece.
    r"\b(?:\d{4}[ -]?){3}\d{1,7}\b",
    // A cookie.
    r"(?i)(?P<keep>\b(?:set-)?cookie:\s*)[^\r\n]+",
];

static PATTERNS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| SHAPES.iter().filter_map(|shape| Regex::new(shape).ok()).collect());
static ANY: LazyLock<Option<RegexSet>> = LazyLock::new(|| RegexSet::new(SHAPES).ok());

/// Secrets with their lengths, the longest first: one may be the beginning of another's encoded form.
type Known = BTreeSet<(Reverse<usize>, String)>;

/// Knows the secrets of a run. Cheap to clone; all clones know the same.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Arc<RwLock<Known>>,
}

impl Redactor {
    /// Removes this value from now on, also when it is written as base64.
    pub fn forget(&self, secret: &str) {
        if secret.len() < SHORTEST_SECRET {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for form in [secret.to_owned(), STANDARD.encode(secret), URL_SAFE_NO_PAD.encode(secret)] {
            known.insert((Reverse(form.len()), form));
        }
    }

    /// The text without secrets.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for (_, secret) in self.known.read().unwrap_or_else(PoisonError::into_inner).iter() {
            if clean.contains(secret.as_str()) {
                clean = clean.replace(secret.as_str(), MARK);
            }
        }
        if ANY.as_ref().is_some_and(|any| !any.is_match(&clean)) {
            return clean;
        }
        for pattern in PATTERNS.iter() {
            clean = pattern.replace_all(&clean, format!("${{keep}}{MARK}").as_str()).into_owned();
        }
        clean
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Redactor")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_compiles() {
        assert_eq!(PATTERNS.len(), SHAPES.len());
        assert!(ANY.is_some());
    }

    #[test]
    fn secrets_are_known_by_their_shape() {
        let jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJlc2lnbmF0dXJl";
        let cases = [
            (format!("Authorization: Bearer {jwt}"), jwt),
            ("authorization: Basic dXNlcjpwYXNzd29yZA==".to_owned(), "dXNlcjpwYXNzd29yZA"),
            (
                "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----".to_owned(),
                "MIGHAgEAMBMG",
            ),
            ("X-Vault-Token: hvs.CAESIJabcdefghijklmnop".to_owned(), "CAESIJ"),
            (r#"{"password":"correct horse","x":1}"#.to_owned(), "correct"),
            ("client_secret=abcdef123&x=1".to_owned(), "abcdef123"),
            ("postgres://v-user:s3cr3tpw@postgres.data:5432/x".to_owned(), "s3cr3tpw"),
            ("card 4242 4242 4242 4242 declined".to_owned(), "4242 4242"),
            ("Cookie: session=abcdef".to_owned(), "abcdef"),
        ];
        for (text, secret) in cases {
            let clean = Redactor::default().redact(&text);
            assert!(!clean.contains(secret), "{text} became {clean}");
            assert!(clean.contains(MARK), "{text} became {clean}");
        }
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let text = "sum(increase(http_server_requests_seconds_count{uri=\"/api/orders\"}[5m])) = 20, trace 4bf92f3577b34da6a3ce929d0e0e4736, 2026-11-22T19:00:00Z";
        assert_eq!(Redactor::default().redact(text), text);
    }

    #[test]
    fn a_known_secret_is_removed_raw_and_encoded() {
        let redactor = Redactor::default();
        redactor.forget("plain words here");
        let encoded = STANDARD.encode("plain words here");
        assert_eq!(
            redactor.redact(&format!("a plain words here b {encoded} c")),
            "a [redacted] b [redacted] c"
        );
    }
}
