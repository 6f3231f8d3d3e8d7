//! What can happen to an order, by whose doing and why.

use uuid::Uuid;

use super::status::Status;

/// Who makes a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The customer whose order it is.
    Customer,
    /// The order's payment.
    Payment,
    /// order-service itself, by the clock.
    System,
}

/// Why an order is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    /// The customer wants it no more.
    Customer,
    /// The payment was refused for good.
    PaymentFailed,
    /// It was not paid while its stock was held.
    ReservationExpired,
}

/// What happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A payment is opened.
    PaymentOpened {
        /// Which payment, if it says so.
        payment_id: Option<Uuid>,
    },
    /// The payment goes through.
    Paid {
        /// Which payment.
        payment_id: Uuid,
    },
    /// Nothing is left to do.
    Completed,
    /// It is given up.
    Cancelled(CancelReason),
    /// It is paid back.
    Refunded,
}

impl Actor {
    /// Every actor.
    pub const ALL: [Self; 3] = [Self::Customer, Self::Payment, Self::System];

    /// The name in the database and in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Payment => "payment",
            Self::System => "system",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|actor| actor.name() == name)
    }
}

impl CancelReason {
    /// The reason in a word, as the history and the event have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::PaymentFailed => "payment_failed",
            Self::ReservationExpired => "reservation_expired",
        }
    }
}

impl Change {
    /// The status it leads to.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::PaymentOpened { .. } => Status::PaymentPending,
            Self::Paid { .. } => Status::Paid,
            Self::Completed => Status::Completed,
            Self::Cancelled(_) => Status::Cancelled,
            Self::Refunded => Status::Refunded,
        }
    }

    /// Whose doing it is.
    #[must_use]
    pub const fn actor(self) -> Actor {
        match self {
            Self::PaymentOpened { .. }
            | Self::Paid { .. }
            | Self::Completed
            | Self::Refunded
            | Self::Cancelled(CancelReason::PaymentFailed) => Actor::Payment,
            Self::Cancelled(CancelReason::Customer) => Actor::Customer,
            Self::Cancelled(CancelReason::ReservationExpired) => Actor::System,
        }
    }

    /// Why, where the status alone does not say.
    #[must_use]
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Cancelled(reason) => Some(reason.name()),
            Self::PaymentOpened { .. } | Self::Paid { .. } | Self::Completed | Self::Refunded => {
                None
            }
        }
    }
}
