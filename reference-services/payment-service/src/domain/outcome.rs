//! What is known after asking a provider: three outcomes, not two.

use ecotrack_chassis::word::{is_id, is_word};

/// The reason where a provider refuses and says no word why.
pub const REFUSED: &str = "refused";
/// The reason where a provider says nothing that we can read.
pub const UNREADABLE: &str = "unreadable_answer";
/// Longest reason in a provider's own words, in bytes.
const LONGEST_REASON: usize = 100;

/// A reason as the provider says it, if that is a word. If not, the other.
#[must_use]
pub fn word(said: Option<String>, otherwise: &str) -> String {
    let said = said.filter(|said| is_word(said, LONGEST_REASON));
    said.unwrap_or_else(|| otherwise.to_owned())
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
    /// Done, under an id of the provider's. One that cannot be an id is kept no more than a reason would be; without it nothing
    /// could be paid back, so the question stays open.
    #[must_use]
    pub fn accepted(id: String) -> Self {
        if is_id(&id) {
            Self::Accepted { reference: id }
        } else {
            Self::Unknown { reason: UNREADABLE.to_owned() }
        }
    }

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
    use ecotrack_chassis::word::LONGEST_ID;

    use super::*;

    fn kept(said: &str) -> String {
        word(Some(said.to_owned()), REFUSED)
    }

    #[test]
    fn a_reason_is_kept_if_it_is_a_word_and_else_replaced() {
        let longest = "x".repeat(LONGEST_REASON);
        for said in ["card_declined", longest.as_str()] {
            assert_eq!(kept(said), said);
        }
        let long = "x".repeat(LONGEST_REASON + 1);
        for said in ["a\u{0}b", long.as_str()] {
            assert_eq!(kept(said), REFUSED);
        }
        assert_eq!(word(None, UNREADABLE), UNREADABLE);
    }

    #[test]
    fn nothing_was_done_under_what_is_no_id() {
        let (longest, long) = ("x".repeat(LONGEST_ID), "x".repeat(LONGEST_ID + 1));
        for id in ["pi_1", longest.as_str()] {
            assert_eq!(Outcome::accepted(id.to_owned()).reference(), Some(id));
        }
        for id in ["", "a\u{0}b", "two words", "\u{e4}", long.as_str()] {
            let open = Outcome::Unknown { reason: UNREADABLE.to_owned() };
            assert_eq!(Outcome::accepted(id.to_owned()), open);
        }
    }
}
