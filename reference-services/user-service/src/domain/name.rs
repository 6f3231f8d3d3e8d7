//! A person's name.

/// Longest name, in characters.
const MAX_LENGTH: usize = 100;

/// A name as its bearer writes it, without space around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MAX_LENGTH {
            return Err(format!("a name has 1 to {MAX_LENGTH} characters"));
        }
        if text.chars().any(char::is_control) {
            return Err("a name has no control characters".to_owned());
        }
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
    fn names_of_all_scripts_are_names() {
        for text in ["Ann", "Zoë", "李", "O'Neill", "  Ann  "] {
            assert!(Name::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn nothing_too_much_and_control_characters_are_refused() {
        for text in ["", "   ", "a\u{7}b", &"x".repeat(101)] {
            assert!(Name::parse(text).is_err(), "{text:?}");
        }
    }
}
