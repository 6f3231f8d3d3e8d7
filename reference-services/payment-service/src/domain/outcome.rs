//! What is known after asking a provider: three outcomes, not two.

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
