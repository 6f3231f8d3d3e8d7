//! Which events are worth a notification, and what it is about.

use std::collections::BTreeMap;

use ecotrack_events::{Event, Money};
use uuid::Uuid;

use super::template::TemplateName;

/// A notification that is yet to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who is told.
    pub user_id: Uuid,
    /// What is told.
    pub template: TemplateName,
    /// What the template's blanks are filled with.
    pub parameters: BTreeMap<&'static str, String>,
}

/// The notification that an event is worth, if any.
#[must_use]
pub fn for_event(event: &Event) -> Option<Draft> {
    match event {
        Event::UserRegistered(user) => Some(draft(user.user_id, TemplateName::Welcome, None, None)),
        Event::OrderCreated(order) => Some(draft(
            order.user_id,
            TemplateName::OrderCreated,
            Some(order.order_id),
            Some(order.total),
        )),
        Event::OrderCompleted(order) => Some(draft(
            order.user_id,
            TemplateName::OrderCompleted,
            Some(order.order_id),
            Some(order.total),
        )),
        Event::OrderCancelled(order) => {
            Some(draft(order.user_id, TemplateName::OrderCancelled, Some(order.order_id), None))
        }
        Event::PaymentProcessed(payment) => Some(draft(
            payment.user_id,
            TemplateName::PaymentProcessed,
            Some(payment.order_id),
            Some(payment.amount),
        )),
        Event::PaymentFailed(payment) => Some(draft(
            payment.user_id,
            TemplateName::PaymentFailed,
            Some(payment.order_id),
            Some(payment.amount),
        )),
        Event::PaymentRefunded(payment) => Some(draft(
            payment.user_id,
            TemplateName::PaymentRefunded,
            Some(payment.order_id),
            Some(payment.amount),
        )),
        Event::UserUpdated(_)
        | Event::UserDeleted(_)
        | Event::UserLogin(_)
        | Event::UserLogout(_)
        | Event::OrderUpdated(_)
        | Event::OrderPaymentProcessed(_)
        | Event::PaymentInitiated(_)
        | Event::NotificationSent(_)
        | Event::NotificationDelivered(_)
        | Event::NotificationFailed(_) => None,
    }
}

/// The notification that a changed address is worth.
#[must_use]
pub fn email_changed(user_id: Uuid) -> Draft {
    draft(user_id, TemplateName::EmailChanged, None, None)
}

fn draft(
    user_id: Uuid,
    template: TemplateName,
    order_id: Option<Uuid>,
    amount: Option<Money>,
) -> Draft {
    let mut parameters = BTreeMap::new();
    if let Some(order_id) = order_id {
        parameters.insert("order_id", order_id.to_string());
    }
    if let Some(amount) = amount {
        parameters.insert("amount", amount.to_decimal());
        parameters.insert("currency", amount.currency().to_string());
    }
    Draft { user_id, template, parameters }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use ecotrack_events::Currency;
    use ecotrack_events::order::OrderCreated;
    use ecotrack_events::user::{UserLogin, UserRegistered};

    use super::*;

    #[test]
    fn a_registration_is_worth_a_welcome_without_personal_data_in_its_parameters() {
        let event = UserRegistered {
            user_id: Uuid::now_v7(),
            email: "a@example.org".to_owned(),
            first_name: "Ada".to_owned(),
            registered_at: Utc::now(),
        };
        let draft = for_event(&event.clone().into()).unwrap();
        assert_eq!((draft.user_id, draft.template), (event.user_id, TemplateName::Welcome));
        assert!(draft.parameters.is_empty());
    }

    #[test]
    fn an_order_is_told_with_its_number_and_total() {
        let event = OrderCreated {
            order_id: Uuid::now_v7(),
            user_id: Uuid::now_v7(),
            lines: Vec::new(),
            total: Money::from_minor(1999, Currency::Usd),
            created_at: Utc::now(),
        };
        let parameters = for_event(&event.clone().into()).unwrap().parameters;
        assert_eq!(parameters["order_id"], event.order_id.to_string());
        assert_eq!((&*parameters["amount"], &*parameters["currency"]), ("19.99", "USD"));
    }

    #[test]
    fn a_login_is_nobodys_news() {
        let event = UserLogin {
            user_id: Uuid::now_v7(),
            session_id: Uuid::now_v7(),
            logged_in_at: Utc::now(),
        };
        assert_eq!(for_event(&event.into()), None);
    }
}
