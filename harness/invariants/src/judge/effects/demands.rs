//! What an event demands of an order and of its stock, and whether it is there.

use serde_json::Value;
use uuid::Uuid;

use crate::contract::PAID;
use crate::judge::facts::Facts;
use crate::observed::Order;

pub(super) fn id_in(payload: &Value, field: &str) -> Option<Uuid> {
    payload[field].as_str()?.parse().ok()
}

/// What is wrong with an order that has heard of its payment.
pub(super) fn order_effect(facts: &Facts<'_>, event_type: &str, payload: &Value) -> Option<String> {
    let order_id = id_in(payload, "order_id")?;
    let order = facts.orders.get(&order_id).copied();
    let legal = statuses(order, event_type, payload)?;
    let status = order.map_or("not there", |order| order.status.as_str());
    (!legal.contains(&status)).then(|| format!("order {order_id} is {status}"))
}

/// The statuses one of which an order then has; none if the event demands nothing of it.
fn statuses(
    order: Option<&Order>,
    event_type: &str,
    payload: &Value,
) -> Option<&'static [&'static str]> {
    match event_type {
        "PaymentProcessedEvent" => Some(&PAID),
        // It may have been meant for an order that never was.
        "PaymentFailedEvent" if order.is_some_and(|order| ends_with(order, payload)) => {
            Some(&["cancelled"])
        }
        "PaymentRefundedEvent" if is_whole(payload, order) => {
            // Money that was taken after the payment was given up goes back, and the order it ended stays as it is.
            let is_own = order.is_some_and(|order| is_own(order, payload));
            let legal: &[&str] = if is_own { &["refunded", "cancelled"] } else { &["refunded"] };
            Some(legal)
        }
        _ => None,
    }
}

/// Whether an order ends because a payment failed: its own, or, while it has none, one that was never let in and is of what is owed.
/// What a stranger, or a second payment, failed at is no news to it.
fn ends_with(order: &Order, payload: &Value) -> bool {
    is_own(order, payload) || (order.payment_id.is_none() && is_owed(order, payload))
}

fn is_own(order: &Order, payload: &Value) -> bool {
    order.payment_id.is_some() && order.payment_id == id_in(payload, "payment_id")
}

/// Whether it is by the order's customer and of what the order costs.
fn is_owed(order: &Order, payload: &Value) -> bool {
    let amount = &payload["amount"];
    id_in(payload, "user_id") == Some(order.user_id)
        && amount["amount_minor"].as_i64() == Some(order.total_minor)
        && amount["currency"].as_str() == Some(order.currency.as_str())
}

/// A refund of a part leaves the order as it is; an event without a running total is of everything.
fn is_whole(payload: &Value, order: Option<&Order>) -> bool {
    payload["refunded_total"].is_null()
        || payload["refunded_total"]["amount_minor"].as_i64()
            == order.map(|order| order.total_minor)
}

/// What is wrong with the stock of an order that ended.
pub(super) fn stock_effect(facts: &Facts<'_>, event_type: &str, payload: &Value) -> Option<String> {
    let order_id = id_in(payload, "order_id")?;
    let legal: &[&str] = match event_type {
        "OrderCompletedEvent" => &["sold"],
        "OrderCancelledEvent" => &["released", "expired"],
        _ => return None,
    };
    let rows = facts.reservations.get(&order_id)?;
    let wrong = rows.iter().find(|row| !legal.contains(&row.status.as_str()))?;
    Some(format!(
        "{} of product {} for order {order_id} are {}",
        wrong.quantity, wrong.product_id, wrong.status
    ))
}
