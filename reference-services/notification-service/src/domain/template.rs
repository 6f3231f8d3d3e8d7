//! What there is to tell, by name. The texts are in the database.

use super::category::Category;

/// Name of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateName {
    /// Somebody registered.
    Welcome,
    /// An account's address was changed; told to the old one.
    EmailChanged,
    /// An order was placed.
    OrderCreated,
    /// An order is paid and done.
    OrderCompleted,
    /// An order was cancelled.
    OrderCancelled,
    /// A payment went through.
    PaymentProcessed,
    /// A payment was refused.
    PaymentFailed,
    /// Money went back.
    PaymentRefunded,
}

impl TemplateName {
    /// Every template.
    pub const ALL: [Self; 8] = [
        Self::Welcome,
        Self::EmailChanged,
        Self::OrderCreated,
        Self::OrderCompleted,
        Self::OrderCancelled,
        Self::PaymentProcessed,
        Self::PaymentFailed,
        Self::PaymentRefunded,
    ];

    /// The name in the database, in events and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Welcome => "welcome",
            Self::EmailChanged => "email_changed",
            Self::OrderCreated => "order_created",
            Self::OrderCompleted => "order_completed",
            Self::OrderCancelled => "order_cancelled",
            Self::PaymentProcessed => "payment_processed",
            Self::PaymentFailed => "payment_failed",
            Self::PaymentRefunded => "payment_refunded",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.name() == name)
    }

    /// What it is about.
    #[must_use]
    pub const fn category(self) -> Category {
        match self {
            Self::Welcome => Category::Account,
            Self::EmailChanged => Category::Security,
            Self::OrderCreated | Self::OrderCompleted | Self::OrderCancelled => Category::Orders,
            Self::PaymentProcessed | Self::PaymentFailed | Self::PaymentRefunded => {
                Category::Payments
            }
        }
    }
}
