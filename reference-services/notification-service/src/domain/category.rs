//! What notifications are about, as far as users choose among them.

use super::channel::Channel;

/// A kind of notification that users can want or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// The account itself.
    Account,
    /// What becomes of orders.
    Orders,
    /// What becomes of payments.
    Payments,
    /// What may be somebody else's doing.
    Security,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 4] = [Self::Account, Self::Orders, Self::Payments, Self::Security];

    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Security => "security",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }

    /// Whether it reaches a user on this channel whatever they want: a thief would switch it off first.
    #[must_use]
    pub const fn is_mandatory(self, channel: Channel) -> bool {
        matches!((self, channel), (Self::Security, Channel::Email))
    }
}
