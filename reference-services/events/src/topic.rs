//! The four topics, one for each kind of aggregate, and their dead-letter topics.

/// A topic of domain events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// What happened to a user.
    User,
    /// What happened to an order.
    Order,
    /// What happened to a payment.
    Payment,
    /// What happened to a notification.
    Notification,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 4] = [Self::User, Self::Order, Self::Payment, Self::Notification];

    /// Name of the topic in Kafka.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user-events",
            Self::Order => "order-events",
            Self::Payment => "payment-events",
            Self::Notification => "notification-events",
        }
    }
}
