//! The life of an order: which status may follow which.

use serde::Serialize;
use utoipa::ToSchema;

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Placed, its stock reserved.
    Created,
    /// A payment is under way; the order can no longer be cancelled by hand.
    PaymentPending,
    /// The money was taken.
    Paid,
    /// Paid and done.
    Completed,
    /// Given up, its stock free again.
    Cancelled,
    /// Paid back.
    Refunded,
}

/// A step that the life of an order does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {from} cannot become {to}")]
pub struct IllegalTransition {
    /// Where the order stands.
    pub from: Status,
    /// Where it was asked to go.
    pub to: Status,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::PaymentPending,
        Self::Paid,
        Self::Completed,
        Self::Cancelled,
        Self::Refunded,
    ];

    /// The steps there are. The database knows them too.
    pub const STEPS: [(Self, Self); 6] = [
        (Self::Created, Self::PaymentPending),
        (Self::Created, Self::Cancelled),
        (Self::PaymentPending, Self::Paid),
        (Self::PaymentPending, Self::Cancelled),
        (Self::Paid, Self::Completed),
        (Self::Completed, Self::Refunded),
    ];

    /// The name in the database, in answers and in events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::PaymentPending => "payment_pending",
            Self::Paid => "paid",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Takes the step, if there is one.
    pub fn advance(self, to: Self) -> Result<Self, IllegalTransition> {
        if Self::STEPS.contains(&(self, to)) {
            Ok(to)
        } else {
            Err(IllegalTransition { from: self, to })
        }
    }

    /// Whether the customer may still give the order up: not once money may be moving.
    pub const fn cancel(self) -> Result<Self, IllegalTransition> {
        match self {
            Self::Created => Ok(Self::Cancelled),
            Self::PaymentPending
            | Self::Paid
            | Self::Completed
            | Self::Cancelled
            | Self::Refunded => Err(IllegalTransition { from: self, to: Self::Cancelled }),
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_status() -> impl Strategy<Value = Status> {
        proptest::sample::select(Status::ALL.to_vec())
    }

    #[test]
    fn the_usual_life_is_created_pending_paid_completed() {
        let life = [Status::PaymentPending, Status::Paid, Status::Completed, Status::Refunded];
        let end = life.into_iter().try_fold(Status::Created, Status::advance);
        assert_eq!(end, Ok(Status::Refunded));
    }

    #[test]
    fn a_customer_cannot_cancel_once_a_payment_is_under_way() {
        assert_eq!(Status::Created.cancel(), Ok(Status::Cancelled));
        for status in Status::ALL.into_iter().filter(|status| *status != Status::Created) {
            assert!(status.cancel().is_err(), "{status}");
        }
    }

    #[test]
    fn every_status_is_found_by_its_name() {
        for status in Status::ALL {
            assert_eq!(Status::from_name(status.name()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
    }

    proptest! {
        #[test]
        fn no_path_leaves_the_final_statuses(steps in proptest::collection::vec(any_status(), 0..20)) {
            let mut status = Status::Created;
            for step in steps {
                let next = status.advance(step);
                if matches!(status, Status::Cancelled | Status::Refunded) {
                    prop_assert!(next.is_err());
                }
                status = next.unwrap_or(status);
            }
        }

        #[test]
        fn money_is_never_taken_for_a_cancelled_order(steps in proptest::collection::vec(any_status(), 0..20)) {
            let mut status = Status::Created;
            let mut cancelled = false;
            for step in steps {
                status = status.advance(step).unwrap_or(status);
                cancelled |= status == Status::Cancelled;
                prop_assert!(!(cancelled && matches!(status, Status::Paid | Status::Completed)));
            }
        }

        #[test]
        fn no_step_stands_still(status in any_status()) {
            prop_assert!(status.advance(status).is_err());
        }
    }
}
