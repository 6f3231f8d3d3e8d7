//! What others call their things and reasons: kept by us, so it has to be something that can be kept.
//!
//! Rows and events take whatever there is in an id or a reason. Of a NUL the database makes an error, of a megabyte the broker does,
//! each time anew.

/// Longest id in the words of others, in bytes.
pub const LONGEST_ID: usize = 255;

/// Whether others may call something so.
#[must_use]
pub fn is_id(said: &str) -> bool {
    is_word(said, LONGEST_ID)
}

/// Whether a text is a word: not empty, at most so many bytes, and letters, digits and signs of ASCII only.
#[must_use]
pub fn is_word(said: &str, longest: usize) -> bool {
    (1..=longest).contains(&said.len()) && said.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_short_and_printable() {
        for said in ["card_declined", "INSTRUMENT_DECLINED", "R01/4", "x"] {
            assert!(is_word(said, 20), "{said}");
        }
        for said in ["", "a\u{0}b", "two words", "a\nb", "\u{e4}", "x".repeat(21).as_str()] {
            assert!(!is_word(said, 20), "{said:?}");
        }
    }
}
