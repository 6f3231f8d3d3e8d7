//! A registration: all its parts valid.

use secrecy::SecretString;

use ecotrack_chassis::error::Violation;

use super::{Email, Name, Password};

/// What a new customer says of themselves.
#[derive(Clone)]
pub(crate) struct Registration {
    pub(crate) email: Email,
    pub(crate) password: Password,
    pub(crate) first_name: Name,
    pub(crate) last_name: Name,
}

impl Registration {
    /// Names everything that is wrong, not only the first.
    pub(crate) fn parse(
        email: &str,
        password: SecretString,
        first_name: &str,
        last_name: &str,
    ) -> Result<Self, Vec<Violation>> {
        let parts = (
            Email::parse(email),
            Password::parse(password),
            Name::parse(first_name),
            Name::parse(last_name),
        );
        match parts {
            (Ok(email), Ok(password), Ok(first_name), Ok(last_name)) => {
                Ok(Self { email, password, first_name, last_name })
            }
            (email, password, first_name, last_name) => Err([
                ("/email", email.err()),
                ("/password", password.err()),
                ("/first_name", first_name.err()),
                ("/last_name", last_name.err()),
            ]
            .into_iter()
            .filter_map(|(pointer, detail)| Some(Violation::new(pointer, detail?)))
            .collect()),
        }
    }
}
