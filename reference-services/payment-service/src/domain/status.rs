//! The life of a payment: which status may follow which.

use super::outcome::Outcome;

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Recorded; the provider is being asked.
    Initiated,
    /// The provider was asked, its answer is not known.
    Pending,
    /// The provider took the money.
    Processed,
    /// The provider refused.
    Failed,
    /// Money is on its way back, the answer is not known.
    RefundPending,
    /// A part of the money went back.
    PartiallyRefunded,
    /// All of the money went back.
    Refunded,
}

/// A step that the life of a payment does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a payment that is {from} cannot be {action}")]
pub struct IllegalTransition {
    /// Where the payment stands.
    pub from: Status,
    /// What was asked for.
    pub action: &'static str,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Initiated,
        Self::Pending,
        Self::Processed,
        Self::Failed,
        Self::RefundPending,
        Self::PartiallyRefunded,
        Self::Refunded,
    ];

    /// The name in the database and in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initiated => "initiated",
            Self::Pending => "pending",
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::RefundPending => "refund_pending",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// What a charge's outcome makes of the payment.
    pub const fn charged(self, outcome: &Outcome) -> Result<Self, IllegalTransition> {
        match self {
            Self::Initiated | Self::Pending => Ok(match outcome {
                Outcome::Accepted { .. } => Self::Processed,
                Outcome::Declined { .. } => Self::Failed,
                Outcome::Unknown { .. } => Self::Pending,
            }),
            Self::Processed
            | Self::Failed
            | Self::RefundPending
            | Self::PartiallyRefunded
            | Self::Refunded => Err(IllegalTransition { from: self, action: "charged" }),
        }
    }

    /// Starts a refund.
    pub const fn start_refund(self) -> Result<Self, IllegalTransition> {
        match self {
            Self::Processed | Self::PartiallyRefunded => Ok(Self::RefundPending),
            Self::Initiated
            | Self::Pending
            | Self::Failed
            | Self::RefundPending
            | Self::Refunded => Err(IllegalTransition { from: self, action: "refunded" }),
        }
    }

    /// Whether the provider still has to be asked.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Initiated | Self::Pending | Self::RefundPending)
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

    fn any_outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            Just(Outcome::Accepted { reference: "ref".to_owned() }),
            Just(Outcome::Declined { reason: "declined".to_owned() }),
            Just(Outcome::Unknown { reason: "timeout".to_owned() }),
        ]
    }

    #[test]
    fn every_status_is_found_by_its_name() {
        for status in Status::ALL {
            assert_eq!(Status::from_name(status.name()), Some(status));
        }
    }

    #[test]
    fn only_money_that_was_taken_can_go_back() {
        for status in Status::ALL {
            let refundable = matches!(status, Status::Processed | Status::PartiallyRefunded);
            assert_eq!(status.start_refund().is_ok(), refundable, "{status}");
        }
    }

    proptest! {
        #[test]
        fn a_charge_is_settled_at_most_once(outcomes in proptest::collection::vec(any_outcome(), 1..10)) {
            let mut status = Status::Initiated;
            let mut settled = 0;
            for outcome in outcomes {
                if let Ok(next) = status.charged(&outcome) {
                    settled += u32::from(matches!(next, Status::Processed | Status::Failed));
                    status = next;
                }
            }
            prop_assert!(settled <= 1);
        }

        #[test]
        fn an_unknown_outcome_keeps_the_question_open(outcome in any_outcome()) {
            let next = Status::Pending.charged(&outcome).unwrap();
            prop_assert_eq!(next.is_open(), matches!(outcome, Outcome::Unknown { .. }));
        }
    }
}
