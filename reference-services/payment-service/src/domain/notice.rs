//! What a provider tells of a payment unasked, whichever provider it is.

use ecotrack_events::Money;
use uuid::Uuid;

use super::payment::Payment;

/// One piece of news about one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The payment, by the id we gave the provider.
    pub payment_id: Uuid,
    /// The amount of the charge it tells of.
    pub amount: Money,
    /// What happened.
    pub news: News,
}

/// What happened at the provider. Each tells a state, not a change, so that order and repetition do not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The money was taken.
    Captured {
        /// The provider's own id of the charge.
        reference: String,
    },
    /// The charge was refused.
    Declined {
        /// The provider's reason, in a word.
        reason: String,
    },
    /// Money has gone back.
    Refunded {
        /// The provider's own id of the charge.
        reference: String,
        /// All that has gone back so far.
        total: Money,
    },
}

/// What a provider tells does not fit what we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// It tells of another amount than was to be paid.
    #[error("the provider tells of another amount")]
    Amount,
    /// It says the opposite of what it said before.
    #[error("the provider said the opposite before")]
    Verdict,
}

impl Notice {
    /// Whether it is about this payment as we know it.
    pub(super) fn check(&self, payment: &Payment) -> Result<(), Contradiction> {
        let is_possible = match &self.news {
            News::Captured { .. } | News::Declined { .. } => true,
            News::Refunded { total, .. } => {
                total.currency() == payment.amount.currency()
                    && (1..=payment.amount.amount_minor()).contains(&total.amount_minor())
            }
        };
        if is_possible && self.amount == payment.amount {
            Ok(())
        } else {
            Err(Contradiction::Amount)
        }
    }
}
