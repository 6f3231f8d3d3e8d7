//! A registration: all its parts valid.

use ecotrack_chassis::error::Violation;
use secrecy::SecretString;

use super::{Checks, Email, Name, Password};

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
        let mut checks = Checks::default();
        let email = checks.check("/email", Email::parse(email));
        let password = checks.check("/password", Password::parse(password));
        let first_name = checks.check("/first_name", Name::parse(first_name));
        let last_name = checks.check("/last_name", Name::parse(last_name));
        let registration = match (email, password, first_name, last_name) {
            (Some(email), Some(password), Some(first_name), Some(last_name)) => {
                Some(Self { email, password, first_name, last_name })
            }
            _ => None,
        };
        checks.conclude(registration)
    }
}
