//! The provider's token for a card or wallet: it stands for the card, which we never see.

use secrecy::{ExposeSecret, SecretString};

const LONGEST: usize = 255;

/// A payment token. Never shown, never logged.
#[derive(Clone)]
pub struct PaymentToken(SecretString);

/// Not a payment token.
#[derive(Debug, thiserror::Error)]
#[error("must be 1 to {LONGEST} letters, digits, `_` or `-`")]
pub struct TokenError;

impl PaymentToken {
    /// Reads a token. A bare card number is not one: it has no letters.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let has_letter = text.bytes().any(|byte| byte.is_ascii_alphabetic());
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(word) && has_letter {
            Ok(Self(SecretString::from(text)))
        } else {
            Err(TokenError)
        }
    }

    /// The token itself, for the provider and for the row that may have to ask again.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_word_with_a_letter() {
        for good in ["tok_visa", "pm-1", "a"] {
            assert!(PaymentToken::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "4242424242424242", "tok visa", "tok\n", &"a".repeat(256)] {
            assert!(PaymentToken::parse(bad).is_err(), "{bad}");
        }
    }
}
