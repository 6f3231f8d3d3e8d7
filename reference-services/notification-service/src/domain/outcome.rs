//! What is known after a provider was asked.

/// How a request to a provider ended.
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
    /// Not now, or not known: worth another attempt.
    Unavailable {
        /// Why, in a word.
        reason: &'static str,
    },
}
