//! What is known after an attempt.

use std::time::Duration;

use ecotrack_chassis::word::is_id;

/// How an attempt at sending or confirming ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done; the provider's own id of the message.
    Accepted {
        /// The provider's own id.
        reference: String,
    },
    /// Refused for good.
    Refused {
        /// Why, in a word.
        reason: &'static str,
    },
    /// The provider says that the message came back.
    Bounced,
    /// Not now, or not known: worth another attempt.
    Unavailable {
        /// Why, in a word.
        reason: &'static str,
    },
    /// Where the user can be reached is not known yet: their registration may still be under way.
    Unaddressed,
    /// The provider was not asked, or did not look at what it was asked: it failed others a moment ago, or does not take our
    /// credential.
    Suspended {
        /// When it is worth asking.
        retry_after: Duration,
    },
}

impl Outcome {
    /// Done, under an id of the provider's. What cannot be one is not kept; under the message's own key it can be asked for again.
    #[must_use]
    pub fn accepted(id: String) -> Self {
        if is_id(&id) {
            Self::Accepted { reference: id }
        } else {
            Self::Unavailable { reason: "unreadable_answer" }
        }
    }
}

#[cfg(test)]
mod tests {
    use ecotrack_chassis::word::LONGEST_ID;

    use super::*;

    #[test]
    fn nothing_was_accepted_under_what_is_no_id() {
        let (longest, long) = ("x".repeat(LONGEST_ID), "x".repeat(LONGEST_ID + 1));
        for id in ["SM1", longest.as_str()] {
            let reference = id.to_owned();
            assert_eq!(Outcome::accepted(id.to_owned()), Outcome::Accepted { reference });
        }
        for id in ["", "a\u{0}b", long.as_str()] {
            let open = Outcome::Unavailable { reason: "unreadable_answer" };
            assert_eq!(Outcome::accepted(id.to_owned()), open);
        }
    }
}
