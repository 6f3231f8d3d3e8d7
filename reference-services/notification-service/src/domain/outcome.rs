//! What is known after an attempt.

use std::time::Duration;

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
