//! One event of each type, made of given values: the examples of the schemas, and whatever a property test comes up with.

use chrono::{DateTime, TimeZone as _, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use crate::notification::{NotificationDelivered, NotificationFailed, NotificationSent};
use crate::order::{
    OrderCancelled, OrderCompleted, OrderCreated, OrderLine, OrderPaymentProcessed, OrderUpdated,
};
use crate::payment::{PaymentFailed, PaymentInitiated, PaymentProcessed, PaymentRefunded};
use crate::user::{UserDeleted, UserLogin, UserLogout, UserRegistered, UserUpdated};
use crate::{Currency, Event, Money};

/// What events are made of.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    user_id: Uuid,
    aggregate_id: Uuid,
    other_id: Uuid,
    at: DateTime<Utc>,
    money: Money,
    quantity: u32,
    email: String,
    first_name: String,
    status: String,
    reason: String,
    gateway: String,
    method: String,
    reference: String,
    channel: String,
    template: String,
}

impl Sample {
    /// The values the schemas show.
    pub(crate) fn of_documentation() -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            user_id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001),
            aggregate_id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002),
            other_id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0003),
            at: DateTime::from_timestamp(1_790_000_000, 250_000_000).unwrap_or_default(),
            money: Money::from_minor(1250, Currency::Eur),
            quantity: 2,
            email: text("ada@example.org"),
            first_name: text("Ada"),
            status: text("confirmed"),
            reason: text("customer"),
            gateway: text("stripe"),
            method: text("card"),
            reference: text("pi_0001"),
            channel: text("email"),
            template: text("welcome"),
        }
    }

    /// The event of a type.
    pub(crate) fn event(&self, event_type: &str) -> Event {
        match event_type {
            "UserRegisteredEvent"
            | "UserUpdatedEvent"
            | "UserDeletedEvent"
            | "UserLoginEvent"
            | "UserLogoutEvent" => self.of_user(event_type),
            "OrderCreatedEvent"
            | "OrderUpdatedEvent"
            | "OrderCancelledEvent"
            | "OrderCompletedEvent"
            | "OrderPaymentProcessedEvent" => self.of_order(event_type),
            "PaymentInitiatedEvent"
            | "PaymentProcessedEvent"
            | "PaymentFailedEvent"
            | "PaymentRefundedEvent" => self.of_payment(event_type),
            "NotificationSentEvent" | "NotificationDeliveredEvent" | "NotificationFailedEvent" => {
                self.of_notification(event_type)
            }
            other => panic!("no sample of {other}; add one"),
        }
    }

    fn of_user(&self, event_type: &str) -> Event {
        let (user_id, session_id, at) = (self.user_id, self.other_id, self.at);
        let (email, first_name) = (self.email.clone(), self.first_name.clone());
        match event_type {
            "UserRegisteredEvent" => {
                UserRegistered { user_id, email, first_name, registered_at: at }.into()
            }
            "UserUpdatedEvent" => UserUpdated { user_id, email, first_name, updated_at: at }.into(),
            "UserDeletedEvent" => UserDeleted { user_id, deleted_at: at }.into(),
            "UserLoginEvent" => UserLogin { user_id, session_id, logged_in_at: at }.into(),
            _ => UserLogout { user_id, session_id, logged_out_at: at }.into(),
        }
    }

    fn of_order(&self, event_type: &str) -> Event {
        let (order_id, user_id, at) = (self.aggregate_id, self.user_id, self.at);
        let total = self.money;
        let line = OrderLine {
            product_id: self.other_id,
            quantity: self.quantity,
            unit_price: self.money,
        };
        match event_type {
            "OrderCreatedEvent" => {
                OrderCreated { order_id, user_id, lines: vec![line], total, created_at: at }.into()
            }
            "OrderUpdatedEvent" => {
                OrderUpdated { order_id, user_id, status: self.status.clone(), updated_at: at }
                    .into()
            }
            "OrderCancelledEvent" => {
                OrderCancelled { order_id, user_id, reason: self.reason.clone(), cancelled_at: at }
                    .into()
            }
            "OrderCompletedEvent" => {
                OrderCompleted { order_id, user_id, total, completed_at: at }.into()
            }
            _ => OrderPaymentProcessed {
                order_id,
                user_id,
                payment_id: self.other_id,
                amount: total,
                processed_at: at,
            }
            .into(),
        }
    }

    fn of_payment(&self, event_type: &str) -> Event {
        let (payment_id, order_id, user_id) = (self.aggregate_id, self.other_id, self.user_id);
        let (amount, at) = (self.money, self.at);
        let (gateway, method) = (self.gateway.clone(), self.method.clone());
        match event_type {
            "PaymentInitiatedEvent" => PaymentInitiated {
                payment_id,
                order_id,
                user_id,
                amount,
                gateway,
                method,
                initiated_at: at,
            }
            .into(),
            "PaymentProcessedEvent" => PaymentProcessed {
                payment_id,
                order_id,
                user_id,
                amount,
                gateway,
                method,
                provider_reference: self.reference.clone(),
                processed_at: at,
            }
            .into(),
            "PaymentFailedEvent" => PaymentFailed {
                payment_id,
                order_id,
                user_id,
                amount,
                gateway,
                method,
                reason: self.reason.clone(),
                failed_at: at,
            }
            .into(),
            _ => self.refunded().into(),
        }
    }

    fn refunded(&self) -> PaymentRefunded {
        PaymentRefunded {
            payment_id: self.aggregate_id,
            order_id: self.other_id,
            user_id: self.user_id,
            amount: self.money,
            gateway: self.gateway.clone(),
            method: self.method.clone(),
            provider_reference: self.reference.clone(),
            refunded_at: self.at,
            refunded_total: Some(self.money),
            refund_id: Some(self.aggregate_id),
        }
    }

    fn of_notification(&self, event_type: &str) -> Event {
        let (notification_id, user_id, at) = (self.aggregate_id, self.user_id, self.at);
        let (channel, template) = (self.channel.clone(), self.template.clone());
        match event_type {
            "NotificationSentEvent" => {
                NotificationSent { notification_id, user_id, channel, template, sent_at: at }.into()
            }
            "NotificationDeliveredEvent" => NotificationDelivered {
                notification_id,
                user_id,
                channel,
                template,
                delivered_at: at,
            }
            .into(),
            _ => NotificationFailed {
                notification_id,
                user_id,
                channel,
                template,
                reason: self.reason.clone(),
                failed_at: at,
            }
            .into(),
        }
    }
}

/// Any values at all.
pub(crate) fn any_sample() -> impl Strategy<Value = Sample> {
    /// Seconds that RFC 3339 has a date for: the years 1 to 9999.
    const SECONDS: std::ops::Range<i64> = -62_135_596_800..253_402_300_800;
    let ids = any::<[u128; 3]>().prop_map(|ids| ids.map(Uuid::from_u128));
    let at = (SECONDS, 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| {
        Utc.timestamp_opt(seconds, nanos).single().unwrap_or_default()
    });
    let currency = prop_oneof![Just(Currency::Eur), Just(Currency::Usd), Just(Currency::Gbp)];
    let money = (any::<i64>(), currency)
        .prop_map(|(amount_minor, currency)| Money::from_minor(amount_minor, currency));
    let texts = prop::array::uniform9(any::<String>());
    (ids, at, money, any::<u32>(), texts).prop_map(|(ids, at, money, quantity, texts)| {
        let [user_id, aggregate_id, other_id] = ids;
        let [email, first_name, status, reason, gateway, method, reference, channel, template] =
            texts;
        Sample {
            user_id,
            aggregate_id,
            other_id,
            at,
            money,
            quantity,
            email,
            first_name,
            status,
            reason,
            gateway,
            method,
            reference,
            channel,
            template,
        }
    })
}
