//! The life of a notification.

/// Where a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Recorded, not yet accepted by a provider.
    Pending,
    /// A provider accepted it.
    Sent,
    /// It reached its receiver.
    Delivered,
    /// It will not be delivered.
    Failed,
    /// It came back, perhaps after it seemed to have arrived.
    Bounced,
}

/// Where a notification stood when it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    /// Its status.
    pub status: Status,
    /// Attempts at the step at hand, the one it was taken for among them.
    pub attempts: u32,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Sent, Self::Delivered, Self::Failed, Self::Bounced];

    /// The name in the database, in answers and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Bounced => "bounced",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}
