//! What is known after asking a provider: three outcomes, not two.

/// The reason where a provider refuses and says no word why.
pub const REFUSED: &str = "refused";
/// The reason where a provider says nothing that we can read.
pub const UNREADABLE: &str = "unreadable_answer";
/// Longest reason in a provider's own words, in bytes.
const LONGEST_REASON: usize = 100;

/// A reason as the provider says it, if that is a word: short, and letters, digits and signs of ASCII only. If not, the other. Rows
/// and events would keep whatever it is: of a NUL the database makes an error, of a megabyte the broker does, each time anew.
#[must_use]
pub fn word(said: Option<String>, otherwise: &str) -> String {
    let is_word = |said: &String| {
        (1..=LONGEST_REASON).contains(&said.len())
            && said.bytes().all(|byte| byte.is_ascii_graphic())
    };
    said.filter(is_word).unwrap_or_else(|| otherwise.to_owned())
}

/// How a request to a provider ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done; the provider's own id of it.
    Accepted {
        /// The provider's own id.
        reference: String,
    },
    /// Refused for good; the provider's reason in a word.
    Declined {
        /// The provider's reason.
        reason: String,
    },
    /// It may or may not have happened: only asking again with the same key can tell.
    Unknown {
        /// What kept the answer from us.
        reason: String,
    },
}

impl Outcome {
    /// The name in the database.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Declined { .. } => "declined",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The provider's own id, if it did what was asked.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        match self {
            Self::Accepted { reference } => Some(reference),
            Self::Declined { .. } | Self::Unknown { .. } => None,
        }
    }

    /// Why it did not, or why that is not known.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Accepted { .. } => None,
            Self::Declined { reason } | Self::Unknown { reason } => Some(reason),
        }
    }
}

/// What a provider says when it is asked whether it did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It was asked to, and this is how it ended.
    Found(Outcome),
    /// It has never heard of it.
    Missing,
    /// It does not say.
    Unknown {
        /// What kept the answer from us.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(said: &str) -> String {
        word(Some(said.to_owned()), REFUSED)
    }

    #[test]
    fn a_reason_is_kept_if_it_is_a_word() {
        let longest = "x".repeat(LONGEST_REASON);
        for said in ["card_declined", "INSTRUMENT_DECLINED", "R01/4", longest.as_str()] {
            assert_eq!(kept(said), said);
        }
    }

    #[test]
    fn what_is_no_word_is_replaced() {
        let (long, huge) = ("x".repeat(LONGEST_REASON + 1), "x".repeat(1_000_000));
        for said in ["", "a\u{0}b", "two words", "a\nb", "\u{e4}", long.as_str(), huge.as_str()] {
            assert_eq!(kept(said), REFUSED);
        }
        assert_eq!(word(None, UNREADABLE), UNREADABLE);
    }
}
