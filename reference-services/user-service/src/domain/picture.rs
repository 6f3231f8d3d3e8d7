//! The address of a customer's picture. We never fetch it; browsers do.

use serde::{Deserialize, Serialize};
use url::Url;

/// Longest address, in bytes.
const MAX_LENGTH: usize = 2048;

/// An `https` address without a login in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub(crate) struct Picture(String);

impl Picture {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = Some(text)
            .filter(|text| text.len() <= MAX_LENGTH)
            .and_then(|text| Url::parse(text).ok());
        let is_fine = |url: &Url| {
            url.scheme() == "https"
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
        };
        url.filter(is_fine)
            .map(|url| Self(url.into()))
            .ok_or_else(|| "must be an https address without a login".to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_without_a_login_is_a_picture() {
        assert!(Picture::parse("https://images.example.com/ann.png").is_ok());
        for text in [
            "",
            "ann.png",
            "http://example.com/a",
            "javascript:alert(1)",
            "https://a:b@example.com/",
        ] {
            assert!(Picture::parse(text).is_err(), "{text}");
        }
        assert!(
            Picture::parse(&format!("https://example.com/{}", "x".repeat(MAX_LENGTH))).is_err()
        );
    }
}
