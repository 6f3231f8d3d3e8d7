//! A payment, what is owed, and the events that tell of it.

use chrono::{DateTime, Utc};
use ecotrack_events::payment::{
    PaymentFailed, PaymentInitiated, PaymentProcessed, PaymentRefunded,
};
use ecotrack_events::{Event, Money};
use uuid::Uuid;

use super::method::Method;
use super::status::Status;

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id, which also makes the provider's idempotency keys.
    pub id: Uuid,
    /// The order it pays.
    pub order_id: Uuid,
    /// Who pays.
    pub user_id: Uuid,
    /// What is paid.
    pub amount: Money,
    /// How it is paid.
    pub method: Method,
    /// Where it stands.
    pub status: Status,
    /// The provider's own id of the charge.
    pub provider_reference: Option<String>,
    /// Why it failed, in a word.
    pub failure_reason: Option<String>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When its status last changed.
    pub updated_at: DateTime<Utc>,
}

/// What the order says is owed, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debt {
    /// The order.
    pub order_id: Uuid,
    /// Who owes.
    pub user_id: Uuid,
    /// How much.
    pub amount: Money,
}

/// The customer offers another amount than is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amount is not what the order costs")]
pub struct AmountMismatch;

impl Payment {
    /// Records a payment of exactly what is owed.
    pub fn initiate(
        id: Uuid,
        debt: Debt,
        offered: Money,
        method: Method,
        now: DateTime<Utc>,
    ) -> Result<Self, AmountMismatch> {
        if offered != debt.amount {
            return Err(AmountMismatch);
        }
        Ok(Self {
            id,
            order_id: debt.order_id,
            user_id: debt.user_id,
            amount: debt.amount,
            method,
            status: Status::Initiated,
            provider_reference: None,
            failure_reason: None,
            created_at: now,
            updated_at: now,
        })
    }

    /// The same key for every attempt at this charge: the provider takes the money once.
    #[must_use]
    pub fn charge_key(&self) -> String {
        format!("charge-{}", self.id)
    }

    /// The same key for every attempt at this refund.
    #[must_use]
    pub fn refund_key(&self) -> String {
        format!("refund-{}", self.id)
    }

    /// The event that tells of the status the payment has reached, if it has one.
    #[must_use]
    pub fn event(&self) -> Option<Event> {
        let reference = || self.provider_reference.clone().unwrap_or_default();
        let (gateway, method) =
            (self.method.gateway().name().to_owned(), self.method.name().to_owned());
        let (payment_id, order_id, user_id, amount) =
            (self.id, self.order_id, self.user_id, self.amount);
        let at = self.updated_at;
        match self.status {
            Status::Initiated => Some(
                PaymentInitiated {
                    payment_id,
                    order_id,
                    user_id,
                    amount,
                    gateway,
                    method,
                    initiated_at: at,
                }
                .into(),
            ),
            Status::Processed => {
                let provider_reference = reference();
                Some(
                    PaymentProcessed {
                        payment_id,
                        order_id,
                        user_id,
                        amount,
                        gateway,
                        method,
                        provider_reference,
                        processed_at: at,
                    }
                    .into(),
                )
            }
            Status::Failed => {
                let reason = self.failure_reason.clone().unwrap_or_default();
                Some(
                    PaymentFailed {
                        payment_id,
                        order_id,
                        user_id,
                        amount,
                        gateway,
                        method,
                        reason,
                        failed_at: at,
                    }
                    .into(),
                )
            }
            Status::Refunded => {
                let provider_reference = reference();
                Some(
                    PaymentRefunded {
                        payment_id,
                        order_id,
                        user_id,
                        amount,
                        gateway,
                        method,
                        provider_reference,
                        refunded_at: at,
                    }
                    .into(),
                )
            }
            Status::Pending | Status::RefundPending => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use ecotrack_events::Currency;
    use proptest::prelude::*;

    use super::*;

    fn debt(minor: i64) -> Debt {
        Debt {
            order_id: Uuid::now_v7(),
            user_id: Uuid::now_v7(),
            amount: Money::from_minor(minor, Currency::Usd),
        }
    }

    #[test]
    fn another_currency_is_another_amount() {
        let offered = Money::from_minor(100, Currency::Eur);
        assert_eq!(
            Payment::initiate(Uuid::now_v7(), debt(100), offered, Method::Paypal, Utc::now()),
            Err(AmountMismatch)
        );
    }

    #[test]
    fn charge_and_refund_have_keys_of_their_own() {
        let offered = Money::from_minor(100, Currency::Usd);
        let payment =
            Payment::initiate(Uuid::now_v7(), debt(100), offered, Method::CreditCard, Utc::now())
                .unwrap();
        assert_ne!(payment.charge_key(), payment.refund_key());
        assert_eq!(payment.charge_key(), payment.clone().charge_key());
    }

    proptest! {
        #[test]
        fn only_the_exact_amount_is_taken(owed in 1..10_000_i64, offered in 1..10_000_i64) {
            let offered_money = Money::from_minor(offered, Currency::Usd);
            let payment = Payment::initiate(Uuid::now_v7(), debt(owed), offered_money, Method::CreditCard, Utc::now());
            prop_assert_eq!(payment.is_ok(), owed == offered);
        }
    }
}
