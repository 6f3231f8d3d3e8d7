//! A password, on its way to being hashed.

use secrecy::{ExposeSecret as _, SecretString};

/// Shortest password of a new account, in bytes.
const MIN_LENGTH: usize = 12;
/// Longest password, in bytes: hashing more would be work for nothing.
const MAX_LENGTH: usize = 128;

/// A password that may be set or tried.
#[derive(Clone)]
pub(crate) struct Password(SecretString);

impl Password {
    /// A password for a new account.
    pub(crate) fn parse(secret: SecretString) -> Result<Self, String> {
        let text = secret.expose_secret();
        if !(MIN_LENGTH..=MAX_LENGTH).contains(&text.len()) {
            return Err(format!("a password has {MIN_LENGTH} to {MAX_LENGTH} bytes"));
        }
        let mut bytes = text.bytes();
        let first = bytes.next();
        if bytes.all(|byte| Some(byte) == first) {
            return Err("a password is more than one character repeated".to_owned());
        }
        Ok(Self(secret))
    }

    /// A password somebody tries. Any that cannot be one is simply wrong.
    pub(crate) fn attempt(secret: SecretString) -> Result<Self, String> {
        if secret.expose_secret().len() > MAX_LENGTH {
            return Err(format!("a password has at most {MAX_LENGTH} bytes"));
        }
        Ok(Self(secret))
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted(text: &str) -> bool {
        Password::parse(SecretString::from(text)).is_ok()
    }

    #[test]
    fn length_is_bounded_on_both_sides() {
        assert!(!is_accepted("eleven-byte"));
        assert!(is_accepted("twelve-bytes"));
        assert!(is_accepted(&"ab".repeat(64)));
        assert!(!is_accepted(&"ab".repeat(65)));
    }

    #[test]
    fn bytes_count_and_not_characters() {
        assert!(is_accepted("\u{e4}\u{f6}\u{e4}\u{f6}\u{e4}\u{f6}"));
        assert!(!is_accepted(&"\u{e4}\u{f6}".repeat(33)));
    }

    #[test]
    fn one_character_repeated_is_no_password() {
        assert!(!is_accepted(&"a".repeat(20)));
    }

    #[test]
    fn trying_a_short_password_is_allowed() {
        assert!(Password::attempt(SecretString::from("x")).is_ok());
    }
}
