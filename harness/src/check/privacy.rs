//! What telemetry must not tell: values that are one customer's alone, looked for in everything that was written.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};

use super::{Checked, Mismatch, judge, listed};

/// A value that is one customer's alone. Sentences name what it is, never the value.
pub struct Private {
    what: &'static str,
    value: SecretString,
}

impl Private {
    /// A value and what it is, for example `password`.
    #[must_use]
    pub fn new(what: &'static str, value: impl Into<String>) -> Self {
        Self { what, value: SecretString::from(value.into()) }
    }

    /// What it is.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// The ways it may be written: as it is, as in a form, and as in an address.
    #[must_use]
    pub fn forms(&self) -> BTreeSet<String> {
        let plain = self.value.expose_secret();
        let form: String = url::form_urlencoded::byte_serialize(plain.as_bytes()).collect();
        BTreeSet::from([form.replace('+', "%20"), form, plain.to_owned()])
    }

    fn is_in(&self, text: &str) -> bool {
        self.forms().iter().any(|form| text.contains(form))
    }
}

/// The text tells none of the values, but something of `witness`: a text about something else proves nothing.
pub fn tells_none_of<'a>(
    private: &'a [Private],
    witness: &'a str,
) -> impl Fn(&String) -> Checked + 'a {
    move |text| {
        if private.is_empty() {
            return Err(Mismatch::new("something to look for", "nothing"));
        }
        if !text.contains(witness) {
            let told = format!("{} characters without it", text.len());
            return Err(Mismatch::new(format!("something about {witness}"), told));
        }
        let told = private.iter().filter(|one| one.is_in(text)).map(|one| one.what);
        let told = listed(told);
        judge(told == "none", format!("nothing of {}", named(private)), format!("{told} told"))
    }
}

/// What the values are, for a sentence.
#[must_use]
pub fn named(private: &[Private]) -> String {
    listed(private.iter().map(|one| one.what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Vec<Private> {
        vec![Private::new("address", "ann@example.org"), Private::new("password", "hunter2-abc")]
    }

    fn check(text: &str) -> Checked {
        tells_none_of(&address(), "order 7")(&text.to_owned())
    }

    #[test]
    fn a_text_about_the_order_that_names_nobody_is_good() {
        assert_eq!(check("order 7 was paid").unwrap(), "none told");
    }

    #[test]
    fn a_value_is_found_in_each_of_its_forms_and_not_said_again() {
        for text in ["order 7 of ann@example.org", "order 7 GET /?q=ann%40example.org"] {
            let mismatch = check(text).unwrap_err().to_string();
            assert!(mismatch.contains("saw address told"), "{mismatch}");
            assert!(!mismatch.contains("ann"), "{mismatch}");
        }
    }

    #[test]
    fn a_text_about_something_else_proves_nothing() {
        assert!(check("").is_err() && check("order 8").is_err());
        assert!(tells_none_of(&[], "order 7")(&"order 7".to_owned()).is_err());
    }
}
