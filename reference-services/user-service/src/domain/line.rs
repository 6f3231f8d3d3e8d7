//! One line of text that people read: a name, a street, a town.

use serde::{Deserialize, Serialize};

/// A text of 1 to `MAX` characters in one line, without space around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub(crate) struct Line<const MAX: usize>(String);

/// A person's name, as its bearer writes it.
pub(crate) type Name = Line<100>;

impl<const MAX: usize> Line<MAX> {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > MAX || text.trim().is_empty() {
            return Err(format!("must have 1 to {MAX} characters, not all of them space"));
        }
        if !text.chars().all(is_visible) {
            return Err("must not have control characters".to_owned());
        }
        Ok(Self(text.trim().to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Neither a control character nor one that turns the direction of writing, which makes a text look like another.
pub(super) fn is_visible(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_all_scripts_are_names() {
        for text in ["Ann", "Zoë", "李", "O'Neill", "  Ann  "] {
            assert!(Name::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn nothing_too_much_and_what_cannot_be_seen_is_refused() {
        for text in ["", "   ", "a\u{7}b", "a\nb", "a\u{202e}b", &"x".repeat(101)] {
            assert!(Name::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_accepted_is_accepted_again_unchanged(text in any::<String>()) {
            if let Ok(line) = Name::parse(&text) {
                prop_assert_eq!(Name::parse(line.as_str()), Ok(line));
            }
        }
    }
}
