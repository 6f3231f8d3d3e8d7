//! What order-service does with events of others.

mod payment_events;

pub(crate) use payment_events::PaymentEvents;
