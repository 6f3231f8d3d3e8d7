//! The events that tell of a payment.

use ecotrack_events::payment::{
    PaymentFailed, PaymentInitiated, PaymentProcessed, PaymentRefunded,
};
use ecotrack_events::{Event, Money};
use uuid::Uuid;

use super::payment::Payment;

pub(super) fn initiated(payment: &Payment) -> Event {
    PaymentInitiated {
        payment_id: payment.id,
        order_id: payment.order_id,
        user_id: payment.user_id,
        amount: payment.amount,
        gateway: payment.method.gateway().name().to_owned(),
        method: payment.method.name().to_owned(),
        initiated_at: payment.updated_at,
    }
    .into()
}

pub(super) fn processed(payment: &Payment) -> Event {
    PaymentProcessed {
        payment_id: payment.id,
        order_id: payment.order_id,
        user_id: payment.user_id,
        amount: payment.amount,
        gateway: payment.method.gateway().name().to_owned(),
        method: payment.method.name().to_owned(),
        provider_reference: payment.provider_reference.clone().unwrap_or_default(),
        processed_at: payment.updated_at,
    }
    .into()
}

pub(super) fn failed(payment: &Payment) -> Event {
    PaymentFailed {
        payment_id: payment.id,
        order_id: payment.order_id,
        user_id: payment.user_id,
        amount: payment.amount,
        gateway: payment.method.gateway().name().to_owned(),
        method: payment.method.name().to_owned(),
        reason: payment.failure_reason.clone().unwrap_or_default(),
        failed_at: payment.updated_at,
    }
    .into()
}

/// `amount` went back just now; by `refund`, if it was one of ours.
pub(super) fn refunded(payment: &Payment, amount: Money, refund: Option<Uuid>) -> Event {
    PaymentRefunded {
        payment_id: payment.id,
        order_id: payment.order_id,
        user_id: payment.user_id,
        amount,
        gateway: payment.method.gateway().name().to_owned(),
        method: payment.method.name().to_owned(),
        provider_reference: payment.provider_reference.clone().unwrap_or_default(),
        refunded_at: payment.updated_at,
        refunded_total: Some(payment.refunded),
        refund_id: refund,
    }
    .into()
}
