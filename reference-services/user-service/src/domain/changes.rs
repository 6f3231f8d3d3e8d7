//! Changing some fields and leaving others: absent, set, and set to nothing are three things.

use ecotrack_chassis::error::Violation;
use serde::{Deserialize, Deserializer};

/// What shall become of a field. In JSON an absent field is kept; `null` is a value like others, where the type has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Change<T> {
    /// It stays.
    #[default]
    Keep,
    /// It becomes this.
    To(T),
}

impl<T> Change<T> {
    /// Takes effect.
    pub(crate) fn apply(self, field: &mut T) {
        if let Self::To(value) = self {
            *field = value;
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::To)
    }
}

/// Collects everything that is wrong with a request, not only the first.
#[derive(Debug, Default)]
pub(crate) struct Checks(Vec<Violation>);

impl Checks {
    /// Notes what is wrong with the value at a pointer.
    pub(crate) fn check<T>(&mut self, pointer: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|detail| self.0.push(Violation::new(pointer, detail))).ok()
    }

    /// Takes over what was found wrong below a value that has parts.
    pub(crate) fn take<T>(&mut self, parsed: Result<T, Vec<Violation>>) -> Option<T> {
        parsed.map_err(|wrong| self.0.extend(wrong)).ok()
    }

    /// Checks the value a field shall get, if it shall get one.
    pub(crate) fn change<T, U>(
        &mut self,
        pointer: &str,
        change: Change<T>,
        parse: impl FnOnce(T) -> Result<U, String>,
    ) -> Change<U> {
        match change {
            Change::Keep => Change::Keep,
            Change::To(value) => self.check(pointer, parse(value)).map_or(Change::Keep, Change::To),
        }
    }

    /// The value, unless something was wrong on the way to it.
    pub(crate) fn conclude<T>(self, value: Option<T>) -> Result<T, Vec<Violation>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Form {
        #[serde(default)]
        name: Change<Option<String>>,
    }

    fn name(json: &str) -> Change<Option<String>> {
        serde_json::from_str::<Form>(json).unwrap().name
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        assert_eq!(name("{}"), Change::Keep);
        assert_eq!(name(r#"{"name":null}"#), Change::To(None));
        assert_eq!(name(r#"{"name":"Ann"}"#), Change::To(Some("Ann".to_owned())));
    }

    #[test]
    fn one_wrong_value_spoils_the_whole() {
        let mut checks = Checks::default();
        let good = checks.change("/a", Change::To(1), Ok::<_, String>);
        let bad = checks.change("/b", Change::To(1), |_| Err::<i32, _>("no".to_owned()));
        assert_eq!((good, bad), (Change::To(1), Change::Keep));
        assert_eq!(checks.conclude(Some(())), Err(vec![Violation::new("/b", "no")]));
    }
}
