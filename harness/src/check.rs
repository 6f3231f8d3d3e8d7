//! Matchers: values that look at an answer and say, in one sentence, what was expected and what was seen.

pub mod alerts;
pub mod events;
pub mod http;
pub mod limit;
pub mod logs;
pub mod metrics;
pub mod pods;
pub mod privacy;
pub mod probe;
pub mod proxy;
pub mod spans;

use std::fmt;

/// What a matcher says: the sentence that goes into the evidence, or the mismatch.
pub type Checked = Result<String, Mismatch>;

/// What was expected and what was seen instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, but saw {seen}")]
pub struct Mismatch {
    expected: String,
    seen: String,
}

impl Mismatch {
    /// Both halves of the sentence, as fragments.
    pub fn new(expected: impl fmt::Display, seen: impl fmt::Display) -> Self {
        Self { expected: expected.to_string(), seen: seen.to_string() }
    }
}

/// A question about an answer of type `T`. Any function from an answer to a sentence is one.
pub trait Matcher<T: ?Sized> {
    /// Looks at the answer.
    fn check(&self, seen: &T) -> Checked;
}

impl<T: ?Sized, F: Fn(&T) -> Checked> Matcher<T> for F {
    fn check(&self, seen: &T) -> Checked {
        self(seen)
    }
}

/// Holds when both hold; the first mismatch is the one reported.
pub fn both<T: ?Sized>(first: impl Matcher<T>, second: impl Matcher<T>) -> impl Fn(&T) -> Checked {
    move |seen| Ok(format!("{}; {}", first.check(seen)?, second.check(seen)?))
}

/// Holds when every element satisfies the matcher, and there is at least one: nothing observed proves nothing.
pub fn each<T>(one: impl Matcher<T>) -> impl Fn(&[T]) -> Checked {
    move |seen: &[T]| {
        let last =
            seen.iter().map(|element| one.check(element)).collect::<Result<Vec<_>, _>>()?.pop();
        last.map(|sentence| format!("{} times: {sentence}", seen.len()))
            .ok_or_else(|| Mismatch::new("at least one answer", "none"))
    }
}

/// `seen` when the condition holds, else the mismatch of both.
pub fn judge(holds: bool, expected: impl fmt::Display, seen: impl fmt::Display) -> Checked {
    if holds { Ok(seen.to_string()) } else { Err(Mismatch::new(expected, seen)) }
}

/// Names in an order that does not change, for a sentence.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: std::collections::BTreeSet<&str> = names.into_iter().collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.into_iter().collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Matchers take what they look at by reference.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "a matcher's signature")]
    fn positive(number: &i32) -> Checked {
        judge(*number > 0, "a positive number", number)
    }

    #[test]
    fn a_mismatch_is_a_sentence_of_expected_and_seen() {
        assert_eq!(
            positive(&-1).unwrap_err().to_string(),
            "expected a positive number, but saw -1"
        );
    }

    #[test]
    fn both_reports_the_first_mismatch() {
        let even = |number: &i32| judge(number % 2 == 0, "an even number", number);
        assert!(both(positive, even).check(&2).is_ok());
        assert!(both(positive, even).check(&-1).unwrap_err().to_string().contains("positive"));
        assert!(both(positive, even).check(&3).unwrap_err().to_string().contains("even"));
    }

    #[test]
    fn nothing_observed_is_a_mismatch() {
        assert!(each(positive).check([].as_slice()).is_err());
        assert!(each(positive).check([1, 2].as_slice()).is_ok());
    }
}
