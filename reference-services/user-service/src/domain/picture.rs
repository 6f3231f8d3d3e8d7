//! The address of a customer's picture. We never fetch it; browsers do.

use ecotrack_chassis::public_url;
use serde::{Deserialize, Serialize};

/// An `https` address on a public host name, without a login in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub(crate) struct Picture(String);

impl Picture {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        public_url::check(text)?;
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_where_anybody_may_fetch_it() {
        assert!(Picture::parse("https://images.example.com/ann.png").is_ok());
        for text in ["ann.png", "http://example.com/a", "https://169.254.169.254/latest/meta-data/"]
        {
            assert!(Picture::parse(text).is_err(), "{text}");
        }
    }
}
